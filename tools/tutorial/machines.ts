import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '@xylem/testkit';

/** A machine of a tutorial: a network of its own, a home and a shell that lives through all blocks. */
export interface Machine {
  /** Runs a script in the shell. @returns its exit code and what it wrote, on both streams */
  run(script: string, withinMs: number): Promise<{ code: number; output: string }>;
  /** Starts a script that stays. @returns what it wrote until now, whenever asked */
  start(script: string): () => string;
}

/** Names of the networks begin so, and end with the pid of who made them. */
const prefix = 'xylem-tutorial';
const ip = (...words: string[]): string => execFileSync('ip', words, { encoding: 'utf8' });

/**
 * Makes machines that reach each other at 192.0.2.1, 192.0.2.2 and so on, an address range made for documentation.
 * Needs root. What was made, and every process in it, is gone after `remove`, which never throws.
 */
export function makeMachines(
  names: readonly string[],
  folder: string,
  path: string,
): { machines: ReadonlyMap<string, Machine>; remove: () => void } {
  const spaces: string[] = [];
  const bridge = `${prefix}-${process.pid}-net`;
  const remove = (): void => {
    for (const space of spaces.splice(0)) removeSpace(space);
    process.off('exit', remove);
  };
  process.on('exit', remove);
  try {
    add(bridge, spaces);
    ip('-n', bridge, 'link', 'add', 'br0', 'type', 'bridge');
    ip('-n', bridge, 'link', 'set', 'br0', 'up');
    const machines = new Map(
      names.map((name, index) => {
        const space = `${prefix}-${process.pid}-${index + 1}`;
        add(space, spaces);
        ip('-n', bridge, 'link', 'add', `v${index}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space);
        ip('-n', bridge, 'link', 'set', `v${index}`, 'master', 'br0', 'up');
        ip('-n', space, 'address', 'add', `192.0.2.${index + 1}/24`, 'dev', 'eth0');
        ip('-n', space, 'link', 'set', 'eth0', 'up');
        return [name, machine(space, join(folder, name), path)];
      }),
    );
    return { machines, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function add(space: string, spaces: string[]): void {
  ip('netns', 'add', space);
  spaces.push(space);
  ip('-n', space, 'link', 'set', 'lo', 'up');
}

/** Ends every process in a network of ours, services that outlived their agent too, then the network. */
function removeSpace(space: string): void {
  try {
    for (let round = 0; round < 100; round++) {
      const pids = ip('netns', 'pids', space).split('\n').filter(Boolean).map(Number);
      if (pids.length === 0) break;
      for (const pid of pids) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // it ended by itself
        }
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
    ip('netns', 'delete', space);
  } catch (error) {
    process.stderr.write(`could not remove the network ${space}: ${String(error)}\n`);
  }
}

function machine(space: string, home: string, path: string): Machine {
  mkdirSync(home, { recursive: true });
  const kept = Object.entries(process.env).filter(([name]) => !/^(XYLEM_|NODE_TEST|.*_proxy$)/i.test(name));
  const shell: ChildProcess = spawn(
    'nsenter',
    [`--net=/run/netns/${space}`, 'bash', '--noprofile', '--norc', '-o', 'pipefail'],
    {
      cwd: home,
      env: { ...Object.fromEntries(kept), HOME: home, PATH: path },
      stdio: ['pipe', 'ignore', 'inherit'],
    },
  );
  let count = 0;
  const files = (script: string): { script: string; output: string; code: string } => {
    const at = join(home, `.block-${++count}`);
    writeFileSync(`${at}.sh`, script);
    closeSync(openSync(`${at}.out`, 'w'));
    return { script: `${at}.sh`, output: `${at}.out`, code: `${at}.code` };
  };
  const read = (file: string): string => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  };
  return {
    async run(script, withinMs) {
      const { script: file, output, code } = files(script);
      // The last command that failed decides, as a reader would notice each.
      shell.stdin?.write(
        `failed=0; trap 'failed=$?' ERR; . '${file}' >'${output}' 2>&1 </dev/null; trap - ERR; echo $failed. >'${code}'\n`,
      );
      const said = await waitUntil(() => /^(\d+)\./.exec(read(code)), withinMs, script).catch(
        (error: unknown) => {
          throw new Error(`${String(error)}\n${read(output)}`);
        },
      );
      return { code: Number(said[1]), output: read(output) };
    },
    start(script) {
      const { script: file, output } = files(script);
      shell.stdin?.write(`. '${file}' >'${output}' 2>&1 </dev/null &\n`);
      return () => read(output);
    },
  };
}
