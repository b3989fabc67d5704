import { forceableGates, XylemError } from '@xylem/core';
import type { PlanDetail } from '@xylem/root/contract';
import type { Api } from '../../api/client.ts';
import { defineCommand, flag, list, type Outcome, text } from '../../frame/define.ts';
import { isName, only, releaseOrChannel } from '../../frame/words.ts';
import { environmentPatterns } from '../../selection/environments.ts';
import { canaryOptions, strategyOf, strategyOptions } from '../deployment/strategy.ts';
import { urgencyOf, urgencyOptions } from '../deployment/urgency.ts';
import { inFile, readYaml } from '../env/in-file.ts';
import { planText } from './shared.ts';

export const command = defineCommand({
  arguments: '[release]',
  about: `RELEASE is a product at a version (shop@2.4.0) or a channel (shop/stable); with --undeploy a product alone. It
shows what would change before anything moves, and keeps it as a plan: what is approved, and started by
\`xylem deploy --plan ID\`. With --file a plan file says all of it: stages, soak, approvals, schedule (docs/plans.md).
Verbs: show, list, refresh, approve, refuse, pause, resume, stop, rollback, preflight, schema.`,
  options: {
    file: text('<file>', 'a plan file (YAML) in place of all else; - reads standard input'),
    to: list('<environment>', "an environment or a pattern, '*/production'; may be repeated"),
    undeploy: flag('plan to remove the product'),
    purgeData: flag('with --undeploy: remove the data folders too'),
    skipUnfit: flag('hosts that a package has no variant for keep what they run'),
    ...strategyOptions,
    ...canaryOptions,
    ...urgencyOptions,
    force: list(
      '<gate>',
      `pass a gate though it is closed (${forceableGates.join(', ')}); may be repeated. Another person approves it`,
    ),
    preflight: flag('have all hosts that it changes look beforehand, as `xylem plan preflight`'),
    change: text('<ticket>', 'the change ticket that it belongs to, where one is demanded'),
  },
  example: 'xylem plan shop@2.4.0 --to acme/production',
  async run({ args, options, api }) {
    const server = await api();
    if (options.file !== undefined) {
      const plan = await fromFile(server, options.file, [...args, ...options.to]);
      return await shown(server, plan, options.preflight);
    }
    const word = only(args);
    if (options.undeploy && !isName(word))
      throw new XylemError('E_INPUT', `"${word}" is no product's name. With --undeploy write it alone.`);
    const release = options.undeploy ? { product: word } : releaseOrChannel(word);
    const plan = await server.call('planCreate', {
      body: {
        kind: options.undeploy ? 'undeploy' : 'deploy',
        ...release,
        environments: environmentPatterns(options.to, '--to'),
        ...strategyOf(options),
        ...(options.purgeData ? { purgeData: true } : {}),
        ...(options.skipUnfit ? { skipUnfit: true } : {}),
        ...urgencyOf(options),
        ...forcesOf(options.force),
        ...(options.change === undefined ? {} : { change: options.change }),
      },
    });
    return await shown(server, plan, options.preflight);
  },
});

async function shown(server: Api, made: PlanDetail, asksHosts: boolean): Promise<Outcome> {
  const plan = asksHosts ? await server.call('planPreflight', { params: { id: made.id }, body: {} }) : made;
  return { data: plan, text: () => planText(plan) };
}

async function fromFile(server: Api, file: string, others: readonly string[]): Promise<PlanDetail> {
  if (others.length > 0)
    throw new XylemError('E_INPUT', 'The plan file says what comes where: leave the release and --to out.');
  const yaml = await readYaml(file);
  return await inFile(file, () => server.call('planCreateFile', { body: { yaml } }));
}

/** @throws XylemError E_INPUT */
function forcesOf(words: readonly string[]) {
  const forces = [...new Set(words)].sort().map((word) => {
    const gate = forceableGates.find((one) => one === word);
    if (gate !== undefined) return gate;
    throw new XylemError('E_INPUT', `--force ${word} is none of ${forceableGates.join(', ')}.`);
  });
  return forces.length === 0 ? {} : { forces };
}
