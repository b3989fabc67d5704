// The demo: root server, two levels of relays and five hosts as real processes, and two releases of real
// applications on their way through them. `xylem start --demo` runs it: node main.ts ENTRY [--check] [--state DIR] [--port N]
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { errorCodes, exitCodes, XylemError } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import { type Program, program, startRoot } from '@xylem/testkit';
import { demoReleases, installApp, packageFolder } from './apps.ts';
import { checkFleet, type Published, serviceLines } from './check.ts';
import { createEnvironments, type Fleet, startNodes } from './fleet.ts';
import { demoNodes } from './nodes.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean' }, state: { type: 'string' }, port: { type: 'string' } },
});
const startedMs = systemClock.monotonicMs();
const seconds = (): string => ((systemClock.monotonicMs() - startedMs) / 1000).toFixed(1).padStart(5);
const say = (line: string): void => void process.stdout.write(`[${seconds()} s] ${line}\n`);

async function demoFolder(): Promise<string> {
  if (values.state === undefined) return mkdtemp(join(tmpdir(), 'xylem-demo-'));
  const folder = resolve(values.state);
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0)
    throw new XylemError(
      'E_INPUT',
      `${folder} is not empty: the demo begins anew each time. Choose another folder.`,
    );
  return folder;
}

/** Publishes the packages of both releases. @returns for each version what the publisher has */
async function publishReleases(xylem: Program, folder: string): Promise<Map<string, Published>> {
  const cache = join(import.meta.dirname, '..', 'node_modules', '.cache', 'xylem-demo');
  const published = new Map<string, Published>();
  for (const { version, apps } of demoReleases) {
    const trees = new Map<string, string>();
    const packages: string[] = [];
    for (const app of apps) {
      const installed = await installApp(app, cache);
      const made = await packageFolder(
        app,
        installed,
        join(folder, 'packages', `${app.component}-${app.version}`),
      );
      const { files, sentBytes } = (await xylem.command(['package', 'publish', made.folder])) as {
        files: number;
        sentBytes: number;
      };
      say(
        `published ${app.component}@${app.version}: ${files} files, ${Math.ceil(sentBytes / 1000)} kB sent`,
      );
      trees.set(app.component, made.tree);
      packages.push('--with', `${app.component}@${app.version}`);
    }
    await xylem.command(['release', 'create', `demo@${version}`, ...packages]);
    say(`released demo@${version}`);
    published.set(version, trees);
  }
  return published;
}

async function deploy(
  xylem: Program,
  fleet: Fleet,
  version: string,
  words: readonly string[],
): Promise<void> {
  say(`deploying demo@${version}`);
  await xylem.show([
    'deploy',
    `demo@${version}`,
    '--to',
    'acme/*',
    '--yes',
    '--watch',
    '--timeout',
    '120',
    ...words,
  ]);
  say(`demo@${version} has arrived; the services on the hosts:`);
  for (const line of await serviceLines(fleet)) process.stdout.write(`${line}\n`);
}

async function run(xylem: Program, folder: string): Promise<number> {
  const root = await startRoot(xylem, join(folder, 'root'), 'acme', {
    apiPort: Number(values.port ?? 0),
  });
  say(`the root server runs; status page: ${root.apiUrl}`);
  await createEnvironments(xylem, join(folder, 'environments'));
  const [fleet, published] = await Promise.all([
    startNodes(xylem, root, folder, say),
    publishReleases(xylem, folder),
  ]);
  const [first, second] = demoReleases;
  if (first === undefined || second === undefined) return exitCodes.internal;
  await deploy(xylem, fleet, first.version, []);
  await deploy(xylem, fleet, second.version, ['--strategy', 'rolling', '--max-unavailable', '1']);

  const webVersion = second.apps.find(({ component }) => component === 'http-server')?.version ?? '';
  const checked = await checkFleet(fleet, published.get(second.version) ?? new Map(), webVersion);
  process.stdout.write(`\n${await xylem.show(['topology'])}\n\n${await xylem.show(['where', 'demo'])}\n\n`);
  for (const fault of checked.faults) process.stdout.write(`WRONG ${fault}\n`);
  const verdict = checked.faults.length === 0 ? 'all as published' : `${checked.faults.length} faults`;
  say(
    `${demoNodes.length} nodes, ${checked.hosts} hosts, ${checked.files} files compared with the publisher's by SHA-256: ${verdict}`,
  );
  if (checked.faults.length > 0) return exitCodes.outcome;
  if (values.check === true) return exitCodes.ok;
  const entry = positionals[0] ?? 'xylem';
  process.stdout.write(`
Status page:  ${root.apiUrl}
Token:        ${root.token}
Look around:  export XYLEM_HOME=${join(folder, 'home')}
              ${entry.endsWith('.js') ? join(entry, '..', '..', 'bin', 'xylem') : `node ${entry}`} host list
Logs:         ${join(folder, 'logs')}
Ctrl-C ends everything.
`);
  await new Promise<void>((end) => stopped.signal.addEventListener('abort', () => end(), { once: true }));
  return exitCodes.ok;
}

const stopped = new AbortController();
const folder = await demoFolder();
const xylem = program({
  entry: resolve(positionals[0] ?? ''),
  home: join(folder, 'home'),
  logs: join(folder, 'logs'),
});
let stopping: Promise<void> | undefined;
/** Everything that was started ends, services included; a folder of our own goes with it unless it shows a fault. */
const stopAll = (): Promise<void> => {
  stopping ??= stopEverything();
  return stopping;
};
async function stopEverything(): Promise<void> {
  stopped.abort();
  await xylem.stop();
  for (const { name } of demoNodes) await xylem.endServices(join(folder, 'hosts', name));
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (!stopped.signal.aborted) say('ending everything');
    void stopAll();
  });
}

try {
  process.exitCode = await run(xylem, folder);
} catch (error) {
  if (stopped.signal.aborted) process.exitCode = exitCodes.interrupted;
  else process.exitCode = sayFault(error);
} finally {
  await stopAll();
}
if (process.exitCode !== exitCodes.ok && process.exitCode !== exitCodes.interrupted)
  process.stdout.write(`What it left is in ${folder}\n`);
else if (values.state === undefined) await rm(folder, { recursive: true, force: true });

function sayFault(error: unknown): number {
  const fault =
    error instanceof XylemError ? error : new XylemError('E_INTERNAL', String(error), { cause: error });
  const { advice, exitCode } = errorCodes[fault.code];
  process.stderr.write(`xylem: error ${fault.code}: ${fault.message}\n  ${advice}\n`);
  return exitCode;
}
