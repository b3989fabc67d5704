import type { Supervisor, SupervisorAdoption } from '../client.ts';
import type { ServiceState } from '../protocol.ts';

/**
 * What is started is started by `chosen`; what `former` still runs, it goes on running until it is replaced, stopped or
 * moved by a boot. So an agent that finds another supervisor than yesterday stops nothing and loses nothing.
 */
export function besideFormer(chosen: Supervisor, former: Supervisor): Supervisor {
  const ofFormer = async (instance: string): Promise<ServiceState | undefined> =>
    (await former.list()).find((state) => state.instance === instance);
  return {
    list: async () => {
      const [own, others] = [await chosen.list(), await former.list()];
      const twice = others.filter(({ instance }) => own.some((state) => state.instance === instance));
      // A boot started both: the former's goes.
      for (const { instance } of twice) await former.stop(instance, 10_000);
      return [...own, ...others.filter((state) => !twice.includes(state))];
    },
    start: async (spec, secrets) => {
      const held = await ofFormer(spec.instance ?? spec.component);
      if (held?.fingerprint === spec.fingerprint) return await former.start(spec, secrets);
      if (held !== undefined) await former.stop(held.instance, spec.stopTimeoutMs);
      await chosen.start(spec, secrets);
    },
    stop: async (instance, stopTimeoutMs) => {
      await former.stop(instance, stopTimeoutMs);
      await chosen.stop(instance, stopTimeoutMs);
    },
    check: (spec) => chosen.check(spec),
    ...(chosen.runsUnits === undefined ? {} : { runsUnits: chosen.runsUnits }),
    ...(chosen.adoption === undefined
      ? {}
      : { adoption: givingBackAll(chosen.adoption, former.adoption?.disown) }),
    output: async (instance) => ((await ofFormer(instance)) === undefined ? chosen : former).output(instance),
    close: () => {
      chosen.close();
      former.close();
    },
  };
}

/** What the former took over goes on under it, and is given back by it. */
function givingBackAll(
  chosen: SupervisorAdoption,
  former: SupervisorAdoption['disown'] | undefined,
): SupervisorAdoption {
  return {
    ...chosen,
    disown: async (instance) => {
      await former?.(instance);
      await chosen.disown(instance);
    },
  };
}
