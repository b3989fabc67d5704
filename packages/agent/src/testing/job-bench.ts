import { mkdir, readFile } from 'node:fs/promises';
import type { Digest, Job, JobOrder } from '@xylem/core';
import { silentLog, systemClock } from '@xylem/platform';
import { type JobRunner, jobRunner } from '../jobs/runner.ts';
import { wakeable } from '../run/wake.ts';
import type { ObservedSlot } from '../slot/observed.ts';
import { stateLayout } from '../state/layout.ts';
import { type TestPackage, testPackage, writeTree } from './packages.ts';

/** Does as its arguments say; the first is a file that it writes a line into when it starts. */
const main = `import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
const [told, does = ''] = process.argv.slice(2);
const folder = process.env.XYLEM_JOB_FOLDER;
appendFileSync(told, JSON.stringify([process.env.XYLEM_JOB, process.env.XYLEM_JOB_ID, folder, process.pid]) + '\\n');
const junit = (bad) => '<testsuite name="s"><testcase name="adds"/><testcase name="pays">' + bad + '</testcase></testsuite>';
if (does.includes('junit')) writeFileSync(folder + '/junit.xml', junit(''));
if (does.includes('tests-fail')) writeFileSync(folder + '/junit.xml', junit('<failure message="no money"/>'));
if (does.includes('link')) symlinkSync('/etc/passwd', folder + '/junit.xml');
if (does.includes('folder-elsewhere')) symlinkSync('/etc', folder + '/out');
if (does.includes('logs')) { mkdirSync(folder + '/out'); writeFileSync(folder + '/out/trace.txt', 'trace\\n'); }
if (does.includes('chatter')) for (let i = 0; i < 60_000; i += 1) console.log('"line"\\u0001 ' + i);
if (does.includes('says')) console.log('hello');
if (does.includes('hang')) {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { detached: true, stdio: 'ignore' });
  child.unref();
  appendFileSync(told, JSON.stringify(['child', child.pid]) + '\\n');
  process.on('SIGTERM', () => 0);
  setInterval(() => 0, 1000);
}
if (does.includes('leaves')) {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { detached: true, stdio: 'ignore' });
  child.unref();
  appendFileSync(told, JSON.stringify(['child', child.pid]) + '\\n');
}
if (does.includes('three')) process.exitCode = 3;
`;

/** A component that is committed, with jobs by what each does. */
export function jobPackage(told: string, jobs: Readonly<Record<string, Omit<Job, 'command'>>>): TestPackage {
  const made = testPackage({ component: 'web', version: '1.0.0', files: { 'main.mjs': main } });
  const given = Object.entries(jobs).map(([name, more]) => [
    name,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
    { command: ['${node}', 'main.mjs', told, name], ...more },
  ]);
  return { ...made, document: { ...made.document, jobs: Object.fromEntries(given) } };
}

export const committed = (placed: TestPackage): ObservedSlot => ({
  component: placed.component,
  record: { installed: placed, since: '2026-11-21T03:00:00Z', previous: [], refused: null },
  current: placed.tree,
  trees: [placed.tree],
  partials: [],
  running: null,
  hasData: false,
});

export interface JobHost {
  readonly runner: JobRunner;
  readonly running: Promise<void>;
  readonly end: () => Promise<void>;
}

/** A runner of jobs over a state folder. */
export async function jobHost(
  stateFolder: string,
  placed: TestPackage,
  ordered: () => readonly JobOrder[],
  slots: () => ReadonlyMap<string, ObservedSlot> = () => new Map([['web', committed(placed)]]),
  changed: () => void = () => undefined,
): Promise<JobHost> {
  const layout = stateLayout(stateFolder);
  const tree = layout.component(placed.component).tree(placed.tree);
  await mkdir(layout.component(placed.component).trees, { recursive: true });
  const isThere = await readFile(`${tree}/main.mjs`).catch(() => null);
  if (isThere === null) await writeTree(tree, placed.files);
  const over = new AbortController();
  const runner = jobRunner({
    tools: { layout, node: process.execPath, clock: systemClock, log: silentLog, signal: over.signal },
    ordered,
    refuses: () => null,
    observe: async () => slots(),
    looked: wakeable(systemClock),
    changed,
  });
  const running = runner.run();
  return {
    runner,
    running,
    end: async () => {
      over.abort(new Error('the agent was asked to end'));
      await running;
    },
  };
}

export const jobOrder = (placed: TestPackage, job: string, id: string): JobOrder => ({
  id: id.repeat(32).slice(0, 32),
  component: placed.component,
  job,
  package: placed.package as Digest,
});
