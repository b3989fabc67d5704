import { join } from 'node:path';
import type { Clock, Log } from '@xylem/platform';
import { jsonFile } from '../../state/json-file.ts';
import { type Listener, listener } from './listener.ts';
import { type ForwarderRoute, parseRoute, type RouteState } from './protocol.ts';

/** All addresses of the forwarder. */
export interface RouteTable {
  list(): RouteState[];
  /** @throws what keeps it from listening: then it leads nowhere else than before */
  route(route: ForwarderRoute): Promise<void>;
  release(component: string): Promise<void>;
  close(): void;
}

/** Goes on where a forwarder that was killed left off. */
export async function openRouteTable(folder: string, clock: Clock, log: Log): Promise<RouteTable> {
  const file = jsonFile(
    join(folder, 'routes.json'),
    'xylem-routes-1',
    ({ routes }) => ({ routes: (routes as unknown[]).map(parseRoute).filter((route) => route !== null) }),
    log,
  );
  const listeners = new Map<string, Listener>();
  let writing: Promise<void> = Promise.resolve();

  /** A full disk must not keep traffic from where it should go: the agent looks and says it again after a restart. */
  const save = (): Promise<void> => {
    const routes = [...listeners.values()].map((own) => {
      const { component, host, listenPort, port } = own.state();
      return { component, host, listenPort, port };
    });
    const write = (): Promise<void> =>
      file.write({ routes }).catch((cause: unknown) => log.error('routes not written', { cause }));
    writing = writing.then(write);
    return writing;
  };

  for (const route of (await file.read())?.routes ?? []) {
    const own = listener(route, clock, log);
    listeners.set(route.component, own);
    await own.began;
  }

  return {
    list: () => [...listeners.values()].map((own) => own.state()),
    route: async (route) => {
      const { component, host, listenPort, port } = route;
      const present = listeners.get(component);
      const state = present?.state();
      if (present !== undefined && state?.host === host && state.listenPort === listenPort) {
        present.lead(port);
        await save();
        if (state.fault !== null) throw new Error(state.fault);
        return;
      }
      const own = listener(route, clock, log);
      await own.began;
      const { fault } = own.state();
      if (fault !== null) {
        own.close();
        throw new Error(fault);
      }
      present?.close();
      listeners.set(component, own);
      await save();
    },
    release: async (component) => {
      listeners.get(component)?.close();
      listeners.delete(component);
      await save();
    },
    close: () => {
      for (const own of listeners.values()) own.close();
    },
  };
}
