import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { sha256 } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { updateFiles } from './files.ts';
import { launcher } from './launcher.ts';

/** Agents of a few lines of shell; each says in `runs` who started, and on trial or not. */
const agents = {
  base: 'exec sleep 1000',
  good: 'if [ -n "$XYLEM_TRIAL" ]; then : >"$4/agent/ready"; echo "$0" >"$4/agent/confirmed"; rm "$4/agent/trial"; exit 0; fi; exec sleep 1000',
  ends: 'echo "can not read the state"; exit 7',
  hangs: 'exec sleep 1000',
  silent: ': >"$4/agent/ready"; exec sleep 1000',
};
type Name = keyof typeof agents;
const what = sha256('another');

class Machine {
  readonly state: string;
  readonly #folder: string;
  readonly #context: TestContext;

  constructor(context: TestContext, folder: string) {
    this.#context = context;
    this.#folder = folder;
    this.state = join(folder, 'state');
    mkdirSync(join(this.state, 'agent'), { recursive: true });
    for (const [name, script] of Object.entries(agents)) {
      const note = `echo "${name} $$ \${XYLEM_TRIAL:+trial}" >>"${join(folder, 'runs')}"`;
      writeFileSync(this.path(name as Name), `#!/bin/sh\n${note}\n${script}\n`, { mode: 0o755 });
    }
  }

  path(name: Name): string {
    return join(this.#folder, name);
  }

  launch(): { readonly child: ChildProcess; readonly ended: Promise<number | null>; said(): string } {
    const { words, variables } = launcher({
      stateFolder: this.state,
      deadlineSeconds: 2,
      program: [this.path('base')],
      runWords: [],
    });
    const env = { ...process.env, ...variables };
    const child = spawn('/bin/sh', words.slice(1), { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr?.on('data', (piece) => {
      said += String(piece);
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    this.#context.after(() => {
      child.kill('SIGTERM');
      for (const { pid } of this.runs()) kill(pid);
    });
    return { child, ended, said: () => said };
  }

  runs(): { readonly name: string; readonly pid: number; readonly isTrial: boolean }[] {
    let text = '';
    try {
      text = readFileSync(join(this.#folder, 'runs'), 'utf8');
    } catch {
      return [];
    }
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [name = '', pid, trial] = line.split(' ');
        return { name, pid: Number(pid), isTrial: trial === 'trial' };
      });
  }

  /** Waits until `name` has run so often, and runs now. */
  async comesTo(name: Name, times: number): Promise<void> {
    await waitUntil(
      () => {
        const runs = this.runs();
        const last = runs.at(-1);
        const found = runs.filter((run) => run.name === name).length;
        return found === times && last?.name === name && isAlive(last.pid);
      },
      30_000,
      `${name} for the ${times}. time: ${JSON.stringify(this.runs())}`,
    );
  }

  async try(name: Name): Promise<void> {
    await updateFiles(this.state).writeTrial({ what, attempt: 1, executable: this.path(name) });
  }

  /** As an agent that makes room. */
  endAgent(): void {
    const last = this.runs().at(-1);
    assert.ok(last, 'an agent has run');
    kill(last.pid);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const skip = process.platform === 'linux' ? false : 'the launcher needs Linux';

suite('the launcher', { skip, concurrency: 4 }, () => {
  const machine = async (context: TestContext): Promise<Machine> =>
    new Machine(context, await tempFolder(context, 'launcher'));

  test('starts what was installed, and ends with it', async (context) => {
    const own = await machine(context);
    const { child, ended } = own.launch();
    await own.comesTo('base', 1);
    child.kill('SIGTERM');
    assert.equal(await ended, 143);
    await waitUntil(() => !isAlive(own.runs()[0]?.pid ?? 0), 20_000, 'the agent to end');
  });

  test('a version that confirms itself is started again as such, and after every restart', async (context) => {
    const own = await machine(context);
    await own.try('good');
    const { child, ended } = own.launch();
    await own.comesTo('good', 2);
    assert.deepEqual(
      own.runs().map(({ isTrial }) => isTrial),
      [true, false],
    );
    child.kill('SIGTERM');
    await ended;
    own.launch();
    await own.comesTo('good', 3);
  });

  const failures = [
    ['ends', 'exited', /ended with 7.*3 times/, 3],
    ['hangs', 'hung', /not ready after 2 s/, 1],
    ['silent', 'silent', /no parent took its report/, 1],
  ] as const;
  for (const [name, cause, words, times] of failures) {
    test(`a version that ${name === 'silent' ? 'is silent' : name} is given up, with the reason and what it wrote`, async (context) => {
      const own = await machine(context);
      await own.try(name);
      own.launch();
      await own.comesTo('base', 1);
      assert.equal(own.runs().filter((run) => run.name === name).length, times);
      const failed = await updateFiles(own.state).failed();
      assert.equal(failed?.cause, cause);
      assert.equal(failed.what, what);
      assert.match(failed.words, words);
      if (name === 'ends') assert.match(failed.output, /can not read the state/);
      assert.equal(await updateFiles(own.state).trial(), null);
    });
  }

  test('a launcher that was killed during a trial leaves nothing behind that keeps the next from its work', async (context) => {
    const own = await machine(context);
    await own.try('hangs');
    const first = own.launch();
    await own.comesTo('hangs', 1);
    const orphan = own.runs()[0]?.pid ?? 0;
    first.child.kill('SIGKILL');
    await first.ended;
    assert.ok(isAlive(orphan));
    const second = own.launch();
    await own.comesTo('base', 1);
    assert.ok(!isAlive(orphan), 'the orphan was ended');
    assert.equal((await updateFiles(own.state).failed())?.cause, 'hung');
    const third = own.launch();
    assert.equal(await third.ended, 8);
    assert.match(third.said(), /another launcher runs/);
    assert.equal(second.child.exitCode, null);
  });

  test('a machine that goes down again and again during a trial goes back', async (context) => {
    const own = await machine(context);
    await own.try('hangs');
    for (let boot = 1; boot <= 3; boot += 1) {
      const { child, ended } = own.launch();
      await own.comesTo('hangs', boot);
      child.kill('SIGKILL');
      kill(own.runs().at(-1)?.pid ?? 0);
      await ended;
    }
    own.launch();
    await own.comesTo('base', 1);
    assert.equal((await updateFiles(own.state).failed())?.cause, 'exited');
  });

  test('who is told to end during a trial has not failed', async (context) => {
    const own = await machine(context);
    await own.try('silent');
    const { child, ended } = own.launch();
    await own.comesTo('silent', 1);
    child.kill('SIGTERM');
    await ended;
    assert.equal(readFileSync(join(own.state, 'agent', 'boots'), 'utf8'), '0\n');
  });

  test('where a file is gone or damaged, what was installed is started', async (context) => {
    const own = await machine(context);
    const folder = join(own.state, 'agent');
    writeFileSync(join(folder, 'confirmed'), '/nowhere/at/all\n');
    writeFileSync(join(folder, 'launched'), 'x y\n');
    writeFileSync(join(folder, 'trial'), '');
    const { child, ended } = own.launch();
    await own.comesTo('base', 1);
    child.kill('SIGTERM');
    await ended;
  });
});
