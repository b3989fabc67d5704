import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { startNode } from '@xylem/testkit';
import { environment, type Lab, sumOf, type Usage, usageOf } from '../lab.ts';

const startedAtOnce = 4;
const awakeAtOnce = 4;

export interface Relay {
  readonly name: string;
  readonly url: string;
}

/**
 * Starts relays as real processes, level by level.
 * @returns the lowest ones, whose children hosts are; empty: there are none
 */
export async function startRelays(
  { xylem, work }: Lab,
  { relays, depth }: { readonly relays: number; readonly depth: number },
): Promise<{ readonly all: readonly Relay[]; readonly lowest: readonly Relay[] }> {
  const all: Relay[] = [];
  let above: readonly Relay[] = [];
  for (const [level, size] of levelsOf(relays, depth - 1).entries()) {
    const made: Relay[] = [];
    const left = Array.from({ length: size }, (_, i) => i).values();
    const start = async (): Promise<void> => {
      for (const i of left) {
        const name = `relay-${level + 1}-${i + 1}`;
        const parent = above.length === 0 ? undefined : above[i % above.length]?.url;
        const url = await startNode(xylem, {
          name,
          environment,
          state: join(work, name),
          parent,
          serve: true,
        });
        if (url === undefined) throw new XylemError('E_NETWORK', `${name} serves nowhere.`);
        made.push({ name, url });
      }
    };
    await Promise.all(Array.from({ length: startedAtOnce }, start));
    all.push(...made);
    above = made;
  }
  return { all, lowest: above };
}

/**
 * Acts with a few relays at a time while all others rest: on machines of their own they would not share two cores, where
 * a version of direction that names who has joined costs each of them 25 ms.
 */
export async function inTurn(
  { xylem }: Lab,
  relays: readonly Relay[],
  act: (awake: readonly (Relay & { readonly at: number })[]) => Promise<void>,
): Promise<void> {
  const signal = (all: readonly Relay[], kind: 'SIGSTOP' | 'SIGCONT'): void => {
    for (const { name } of all) process.kill(xylem.pidOf(name), kind);
  };
  signal(relays, 'SIGSTOP');
  const left = relays.map((relay, at) => ({ ...relay, at }));
  while (left.length > 0) {
    const awake = left.splice(0, awakeAtOnce);
    signal(awake, 'SIGCONT');
    await act(awake);
    signal(awake, 'SIGSTOP');
  }
  signal(relays, 'SIGCONT');
}

/** Whether all relays have come to the same newest version of direction, by what they keep of it. */
export async function areLevel({ work }: Lab, relays: readonly Relay[]): Promise<boolean> {
  const versions = await Promise.all(
    relays.map(async ({ name }) => {
      const folder = join(work, name, 'relay', 'served');
      const [file = ''] = await readdir(folder);
      return /"snapshot":([0-9]+)/.exec(await readFile(join(folder, file), 'utf8'))?.[1];
    }),
  );
  return new Set(versions).size <= 1;
}

/** As many on each level as keep the numbers of children alike; the lowest takes the rest. */
export function levelsOf(relays: number, levels: number): number[] {
  const sizes: number[] = [];
  let left = relays;
  for (let level = 1; level < levels; level += 1) {
    const size = Math.max(1, Math.round(relays ** (level / levels)));
    sizes.push(size);
    left -= size;
  }
  return levels > 0 ? [...sizes, left] : sizes;
}

/** Of all of them together; null where there are none, or some were killed. */
export async function usageOfRelays({ xylem }: Lab, relays: readonly Relay[]): Promise<Usage | null> {
  const all = await Promise.all(relays.map(({ name }) => usageOf(xylem.pidOf(name)).catch(() => null)));
  const there = all.filter((one) => one !== null);
  return there.length === 0 || there.length < all.length ? null : sumOf(there);
}
