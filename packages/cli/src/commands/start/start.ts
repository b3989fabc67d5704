import { join, resolve } from 'node:path';
import { XylemError } from '@xylem/core';
import { boundHeapGrowth, forbidCoreDumps, jsonLog } from '@xylem/platform';
import { runRoot } from '@xylem/root';
import { count, defineCommand, flag, type Invocation, text } from '../../frame/define.ts';
import { untilStopped } from '../../frame/until.ts';
import { type Contexts, contextOfState } from '../../home/contexts.ts';
import { ensureRoot } from '../root/folder.ts';
import { defaultPorts, freePort, isRootFolder, type Ports, readPorts, writePorts } from '../root/ports.ts';

const options = {
  state: text('<folder>', 'where everything is kept (default: .xylem)'),
  port: count(
    '<port>',
    `the API's port on loopback (default: ${defaultPorts.api}, or a free one)`,
    0,
    65_535,
  ),
  demo: flag('also relays and hosts, and two versions of real applications on their way'),
  check: flag('with --demo: verify every file on every host, say how it went, and end'),
};

export const command = defineCommand({
  about: 'Run again, it goes on where it was. Ctrl-C ends it.',
  options,
  example: 'xylem start\nxylem start --demo --check',
  async run(invocation) {
    if (invocation.options.check && !invocation.options.demo) {
      throw new XylemError('E_INPUT', '--check belongs to --demo. Write xylem start --demo --check.');
    }
    if (invocation.options.demo) return (await import('./demo.ts')).runDemo(invocation, invocation.options);
    await startRoot(invocation);
    return undefined;
  },
});

async function startRoot({
  options: { state, port },
  home,
  clock,
  randomness,
  terminal,
  signal,
  environment,
  self,
}: Invocation<typeof options>): Promise<void> {
  const folder = resolve(state ?? '.xylem');
  const rootState = join(folder, 'root');
  const portsFile = join(folder, 'ports.json');
  const before = await home.contexts();
  const nameIn = (known: Contexts): string => contextOfState(folder, resolve('.xylem'), known);
  const { operatorToken, releaseRepository } = await ensureRoot({
    folder: rootState,
    home,
    clock,
    randomness,
    exists: isRootFolder(rootState),
  });
  if (operatorToken !== null)
    await home.remember(nameIn, {
      url: `http://127.0.0.1:${defaultPorts.api}`,
      token: operatorToken,
      state: folder,
      ...(releaseRepository === null ? {} : { repository: releaseRepository }),
    });

  const kept = await readPorts(portsFile);
  const ports: Ports = kept ?? {
    api: await freePort(defaultPorts.api),
    nodes: await freePort(defaultPorts.nodes),
  };
  const log = jsonLog(process.stderr, clock);
  await forbidCoreDumps(log);
  boundHeapGrowth();
  const root = await runRoot({
    stateFolder: rootState,
    api: { host: '127.0.0.1', port: port ?? ports.api },
    nodes: { host: '127.0.0.1', port: ports.nodes },
    patchMaker: [...self, 'patch-maker'],
    clock,
    randomness,
    log,
  });
  const { apiUrl, nodesUrl } = root;
  await writePorts(folder, portsFile, { api: portOf(apiUrl), nodes: portOf(nodesUrl) });
  const now = await home.contexts();
  const name = nameIn(now);
  const known = now.contexts[name];
  const token = operatorToken ?? known?.token;
  const repository = releaseRepository ?? known?.repository;
  if (token !== undefined) {
    await home.remember(name, {
      url: apiUrl,
      token,
      state: folder,
      ...(repository === undefined ? {} : { repository }),
    });
    if (before.current !== undefined && before.current !== name) {
      terminal.note(`Commands ask this root server now; \`xylem context use ${before.current}\` goes back.`);
    }
  }
  terminal.ready(
    { apiUrl, nodesUrl, token: token ?? null, state: folder, context: name },
    readyText(apiUrl, token, folder, environment.XYLEM_COMMAND || 'xylem'),
  );
  await untilStopped(signal);
  await root.close();
}

const portOf = (url: string): number => Number(new URL(url).port);

function readyText(apiUrl: string, token: string | undefined, folder: string, xylem: string): string {
  return [
    `Status page:      ${apiUrl}`,
    `Operator's token: ${token ?? `not kept here; a new one: ${xylem} root token --state ${join(folder, 'root')}`}`,
    `State folder:     ${folder}`,
    '',
    'Next, in another terminal:',
    `  ${xylem} env create production && ${xylem} token create --env production`,
  ].join('\n');
}
