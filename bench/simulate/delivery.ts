import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { XylemError } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import { type Delivered, deliver, parseCosts, standing, type Tree } from '@xylem/sim';
import type { Measured } from '../bench.ts';
import { levelsOf } from '../fleet/relays.ts';

export const deliveryUsage =
  '--costs FILE [--hosts 1000] [--relays 8] [--depth 3] [--size 1000000] [--apart] [--against FILE]: one change through a tree of\n' +
  '  relays to all hosts, and their reports back, at the costs of FILE (docs/scale.md); busy…: shares of the time, of the\n' +
  '  busiest relay. --apart: each node has a machine of its own, as in the field and not in a bench. --against: what `bench/run fleet --json` printed for the same tree; …Factor: simulated by measured';

/** What both the simulation and the fleet bench say of the same tree. */
const compared = [
  'secondsTo50',
  'secondsTo99',
  'secondsTo100',
  'rootCpuSeconds',
  'rootEgressBytes',
  'relayEgressBytes',
] as const;

/** @throws XylemError E_INPUT */
export async function simulateDelivery(
  words: readonly string[],
  say: (line: string) => void,
): Promise<Measured> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      costs: { type: 'string', default: '' },
      hosts: { type: 'string', default: '1000' },
      relays: { type: 'string', default: '8' },
      depth: { type: 'string', default: '3' },
      size: { type: 'string', default: '1000000' },
      apart: { type: 'boolean', default: false },
      against: { type: 'string' },
    },
  });
  const measured = parseCosts(await textOf(values.costs));
  const costs = values.apart ? { ...measured, cores: 0, hostsPerProcess: 1 } : measured;
  const [hosts = 0, relays = 0, depth = 0, sizeBytes = 0] = [
    values.hosts,
    values.relays,
    values.depth,
    values.size,
  ].map(Number);
  const isWhole = [hosts, relays, depth, sizeBytes].every((one) => Number.isSafeInteger(one) && one >= 0);
  const isTree = relays === 0 ? depth === 1 : depth >= 2 && relays >= depth - 1;
  if (!isWhole || hosts < 1 || !isTree)
    throw new XylemError(
      'E_INPUT',
      '--hosts, --relays, --depth and --size are whole numbers; without relays the depth is 1, with them at least 2 with a relay on each level.',
    );
  const tree: Tree = { hosts, levels: levelsOf(relays, depth - 1), sizeBytes };
  const begunMs = systemClock.monotonicMs();
  const delivered = deliver(tree, costs);
  const ranMs = systemClock.monotonicMs() - begunMs;
  const figures = figuresOf(delivered);
  const [what, share] = firstLimit(delivered);
  say(`first limit: ${what}, busy for ${Math.round(100 * share)} % of the time`);
  const { idleRootCpuPercent, ...still } = standing(tree, costs);
  return {
    inputs: { hosts, relays, depth, sizeBytes, levels: tree.levels.join(' '), firstLimit: what },
    figures: {
      ...figures,
      ...rounded(still, 1),
      idleRootCpuPercent: Number(idleRootCpuPercent.toFixed(2)),
      ...(values.against === undefined ? {} : factors(figures, await textOf(values.against))),
      runSeconds: Number((ranMs / 1000).toFixed(1)),
    },
  };
}

async function textOf(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new XylemError('E_INPUT', `${file} can't be read.`, { cause });
  });
}

function figuresOf(delivered: Delivered) {
  const { inPlaceMs, knownMs, rootCpuMs, rootEgressBytes, relayEgressBytes, busy } = delivered;
  const at = (times: Float64Array, share: number): number =>
    Number(((times[Math.max(1, Math.ceil(times.length * share)) - 1] ?? Number.NaN) / 1000).toFixed(2));
  return {
    secondsTo50: at(knownMs, 0.5),
    secondsTo99: at(knownMs, 0.99),
    secondsTo100: at(knownMs, 1),
    secondsInPlace50: at(inPlaceMs, 0.5),
    secondsInPlace99: at(inPlaceMs, 0.99),
    secondsInPlace100: at(inPlaceMs, 1),
    rootCpuSeconds: Number((rootCpuMs / 1000).toFixed(2)),
    rootEgressBytes,
    relayEgressBytes: Math.round(relayEgressBytes),
    ...rounded(
      Object.fromEntries(
        Object.entries(busy).map(([name, share]) => [`busy${name[0]?.toUpperCase()}${name.slice(1)}`, share]),
      ),
      3,
    ),
  };
}

/** What is busy for longest; where nothing is for half of the time, the waits are what takes it. */
function firstLimit({ busy }: Delivered): [string, number] {
  const [first] = Object.entries(busy).sort(([, a], [, b]) => b - a);
  return first === undefined || first[1] < 0.5 ? ['waits', first?.[1] ?? 0] : first;
}

/** @param text lines of a bench, the last of them its figures */
function factors(simulated: Readonly<Record<string, number>>, text: string): Record<string, number> {
  let measured: Readonly<Record<string, unknown>>;
  try {
    measured = (JSON.parse(text.trim().split('\n').at(-1) ?? '') as { figures: typeof measured }).figures;
  } catch (cause) {
    throw new XylemError('E_INPUT', 'The file is not what `bench/run fleet --json` prints.', { cause });
  }
  const all = compared.flatMap((name) => {
    const [own, other] = [simulated[name], measured[name]];
    return typeof own === 'number' && typeof other === 'number' && other > 0
      ? [[`${name}Factor`, Number((own / other).toFixed(2))]]
      : [];
  });
  if (all.length === 0)
    throw new XylemError('E_INPUT', 'The file has no figure that can be compared with a simulated one.');
  return Object.fromEntries(all) as Record<string, number>;
}

function rounded(figures: Readonly<Record<string, number>>, digits: number): Record<string, number> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, one]) => [name, Number(one.toFixed(digits))]),
  );
}
