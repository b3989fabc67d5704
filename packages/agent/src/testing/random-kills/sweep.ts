import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '@xylem/core';
import { randomFrom } from '@xylem/core/testing';
import { systemClock } from '@xylem/platform';
import { type Cleanup, freePort, removeLater, tempFolder } from '@xylem/testkit';
import { explainHost } from '../../explain/explain.ts';
import { stateLayout } from '../../state/layout.ts';
import { Site } from '../site.ts';
import {
  brokenSlots,
  dataDigest,
  isSettled,
  leftovers,
  processesIn,
  shownTrees,
  stepCutOff,
} from './look.ts';
import { transferOf } from './transfer.ts';
import { type Committed, components, directions, publishAll, settled } from './versions.ts';

export interface RandomKills {
  readonly runs: number;
  readonly kills: number;
  /** Kills in the midst of a step, by that step: a sweep that only kills idle agents shows nothing. */
  readonly killsByStep: Readonly<Record<string, number>>;
  /** Lives that began with a part of a tree, and the most that one of them asked for although it had it. */
  readonly resumed: number;
  readonly mostFetchedAgainBytes: number;
  readonly violations: readonly string[];
}

const settleMs = 60_000;
const endsMs = 20_000;
/** Of the last block of each file, and of what lies between two frames that one request spans. */
const slackBytes = 64 * 1024;

/**
 * Directs a host anew, kills its agent (now and then its supervisor too) at random moments on the way, lets it come to
 * rest, and looks: again and again. The same seed directs and kills alike, as far as the machine's own times allow.
 * @param agent the command that runs an agent on a state folder; its log goes to stderr
 */
export async function randomKills(
  context: Cleanup,
  options: {
    readonly runs: number;
    readonly seed: number;
    readonly agent: (stateFolder: string) => readonly string[];
    readonly say: (line: string) => void;
  },
): Promise<RandomKills> {
  const { runs, seed, say } = options;
  const random = randomFrom(seed);
  const site = await Site.create(context);
  const front = await site.front();
  const { stateFolder } = await site.host([front.url]);
  const port = await freePort();
  const packages = await publishAll(site, port);
  const transfer = transferOf(front, stateFolder);
  const layout = stateLayout(stateFolder);
  for (const component of components) {
    const { data } = layout.component(component);
    await mkdir(data, { recursive: true });
    await writeFile(join(data, 'kept'), `${component}: by the user`);
  }
  const digests = await Promise.all(components.map((one) => dataDigest(stateFolder, one)));

  const violations: string[] = [];
  const killsByStep: Record<string, number> = {};
  let committed: Committed = { api: null, pages: null };
  let kills = 0;
  let resumed = 0;
  let mostFetchedAgainBytes = 0;
  let mayShow: ReadonlySet<string> = new Set();
  const temporary = await tempFolder(context, 'temporary');
  let running: Agent | null = null;
  removeLater(context, () => running?.kill());

  for (let run = 0; run < runs; run += 1) {
    const direction = directions[random(directions.length)] ?? 'none';
    const wanted = settled(committed, direction);
    const note = (what: string): void => {
      violations.push(`run ${run} (to ${direction}): ${what}`);
      say(violations.at(-1) ?? '');
    };
    const given = packages.get(direction) ?? [];
    const may = new Set([...mayShow, ...given.map(({ package: { tree } }) => tree)]);
    const pages = given.find(({ package: { component } }) => component === 'pages')?.package;
    await site.assign(given);
    let lives = 0;
    const endLife = (): void => {
      const again = transfer.endLife();
      // What came before this direction was known may have been cleared away with the former one.
      if (lives === 0 || again === null) return;
      resumed += 1;
      mostFetchedAgainBytes = Math.max(mostFetchedAgainBytes, again);
      if (again > limits.frameContent + slackBytes) note(`${again} bytes were fetched again`);
    };
    for (let times = 1 + random(2); times > 0; times -= 1) {
      if (running === null) {
        await transfer.beginLife(pages);
        running = start(options.agent(stateFolder), temporary);
      }
      // Half of them from the first step on, where most of the work is; the others anywhere, the start included.
      if (random(2) === 0) await Promise.race([running.acts(), delay(2_500)]);
      await delay(random(random(2) === 0 ? 60 : 500));
      const takesSupervisor = random(5) === 0;
      await running.kill();
      running = null;
      endLife();
      lives += 1;
      const step = await stepCutOff(stateFolder);
      if (takesSupervisor) {
        for (const pid of processesIn(stateFolder).supervisor) process.kill(pid, 'SIGKILL');
      }
      kills += 1;
      if (step !== null) killsByStep[step] = (killsByStep[step] ?? 0) + 1;
      for (const broken of await brokenSlots(stateFolder, may)) note(`killed at ${step}: ${broken}`);
    }
    await transfer.beginLife(pages);
    running = start(options.agent(stateFolder), temporary);
    const rested = await comesToRest(stateFolder, wanted, direction);
    endLife();
    if (rested !== null) {
      note(rested);
      // What is wrong now must not count again in the next run.
      break;
    }
    for (const broken of await brokenSlots(stateFolder, may)) note(broken);
    // Node's own cache of the built program, one for all.
    const left = (await readdir(temporary)).filter((name) => name !== 'node-compile-cache');
    for (const name of left) note(`${name} is left in the temporary folder`);
    for (const left of await staysBehind(stateFolder, wanted)) note(left);
    if (wanted.api !== null && (await answerAt(port)) !== wanted.api)
      note(`the service does not answer ${wanted.api}`);
    for (const [at, component] of components.entries()) {
      if ((await dataDigest(stateFolder, component)) !== digests[at]) note(`${component}: its data changed`);
    }
    committed = wanted;
    mayShow = await shownTrees(stateFolder);
    if ((run + 1) % 100 === 0) say(`${run + 1} runs, ${kills} kills, ${violations.length} violations`);
  }
  return { runs, kills, killsByStep, resumed, mostFetchedAgainBytes, violations };
}

interface Agent {
  /** Resolves when it begins to act. */
  acts(): Promise<void>;
  kill(): Promise<void>;
}

function start(command: readonly string[], temporary: string): Agent {
  const [program = '', ...words] = command;
  const env = { ...process.env, TMPDIR: temporary };
  const child: ChildProcess = spawn(program, words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  const acting = Promise.withResolvers<void>();
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.includes('"event":"acts"')) acting.resolve();
    });
  }
  return {
    acts: () => acting.promise,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Null, or why it did not. */
async function comesToRest(
  stateFolder: string,
  wanted: Committed,
  direction: string,
): Promise<string | null> {
  const endMs = performance.now() + settleMs;
  let last = '';
  while (performance.now() < endMs) {
    try {
      const explained = await explainHost({ stateFolder, node: process.execPath, clock: systemClock });
      if (isSettled(explained, wanted, direction)) return null;
      last = JSON.stringify(explained.components);
    } catch (error) {
      // A file that is just being replaced, a supervisor that is just starting.
      last = String(error);
    }
    await delay(25);
  }
  return `does not come to rest: ${last}`;
}

/** A process that came too late, as the second of two supervisors, needs a moment to find that out and end. */
async function staysBehind(stateFolder: string, wanted: Committed): Promise<string[]> {
  const endMs = performance.now() + endsMs;
  for (;;) {
    const left = await leftovers(stateFolder, wanted);
    if (left.length === 0 || performance.now() > endMs) return left;
    await delay(25);
  }
}

async function answerAt(port: number): Promise<string | null> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    try {
      return await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text();
    } catch {
      // What was committed before is started again without a probe.
      await delay(25);
    }
  }
  return null;
}
