import { XylemError } from '../errors.ts';

/** A parser at the border, for a fuzzer: what it is fed is `seedInputs`, changed. */
export interface FuzzTarget {
  readonly name: string;
  readonly seedInputs: readonly Uint8Array[];
  /** Takes any bytes: returns, or throws a XylemError. Anything else is a fault. */
  parse(input: Uint8Array): unknown;
}

export interface FuzzResult {
  readonly inputs: number;
  /** Inputs that were taken: a target that takes nothing is tried at its door only. */
  readonly taken: number;
  readonly slowestMs: number;
  readonly faults: readonly { readonly error: unknown; readonly input: Uint8Array }[];
}

/**
 * Feeds `count` changed inputs; the same seed gives the same inputs. Stops at the tenth fault.
 * @param onInput before each, for who watches from another thread
 */
export async function fuzz(
  target: FuzzTarget,
  count: number,
  seed: number,
  onInput: (input: Uint8Array) => void = () => undefined,
): Promise<FuzzResult> {
  const random = randomFrom(seed);
  const faults: { error: unknown; input: Uint8Array }[] = [];
  let taken = 0;
  let slowestMs = 0;
  let inputs = 0;
  for (; inputs < count && faults.length < 10; inputs += 1) {
    const input = changed(target.seedInputs, random);
    onInput(input);
    const start = performance.now();
    try {
      await target.parse(input);
      taken += 1;
    } catch (error) {
      if (!(error instanceof XylemError)) faults.push({ error, input });
    }
    slowestMs = Math.max(slowestMs, performance.now() - start);
  }
  return { inputs, taken, slowestMs, faults };
}

/** Below a bound, from a small generator of 32 bits (xorshift): good enough to be different, and the same anywhere. */
export type Random = (bound: number) => number;

export function randomFrom(seed: number): Random {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return (bound) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % bound;
  };
}

function changed(seeds: readonly Uint8Array[], random: Random): Uint8Array {
  let input = Buffer.from(seeds[random(seeds.length)] ?? []);
  for (let times = 1 + random(4); times > 0; times -= 1) {
    const asJson = random(2) === 0 ? changedJson(input, random) : null;
    input = asJson ?? changedBytes(input, seeds, random);
  }
  return input;
}

/** What parsers of JSON, paths, patterns and PEM trip over. */
const words = [
  '__proto__',
  'constructor',
  'toString',
  '',
  '..',
  '/',
  '\0',
  'ü',
  '\\ud800',
  '*',
  '{1..99999}',
  '%00',
  'null',
  'true',
  '-1',
  '0',
  '1.5',
  '1e400',
  '9007199254740993',
  '99999999999999999999',
  '{}',
  '[]',
  '""',
  '-----BEGIN PUBLIC KEY-----',
  '-----BEGIN CERTIFICATE-----',
  '\ufeff',
  '"',
  '}',
  ',',
];

function changedBytes(
  input: Buffer<ArrayBuffer>,
  seeds: readonly Uint8Array[],
  random: Random,
): Buffer<ArrayBuffer> {
  const at = random(input.length + 1);
  const end = Math.min(input.length, at + random(64));
  const before = input.subarray(0, at);
  const other = Buffer.from(seeds[random(seeds.length)] ?? []);
  switch (random(8)) {
    case 0: {
      const copy = Buffer.from(input);
      if (copy.length > 0) copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ (1 << random(8));
      return copy;
    }
    case 1:
      return Buffer.concat([before, Buffer.from([random(256)]), input.subarray(end)]);
    case 2:
      return Buffer.from(before);
    case 3:
      return Buffer.concat([before, input.subarray(end)]);
    case 4:
      return Buffer.concat([before, input.subarray(at, end), input.subarray(at)]);
    case 5:
      return Buffer.concat([before, Buffer.from(words[random(words.length)] ?? ''), input.subarray(end)]);
    case 6:
      return Buffer.concat([before, other.subarray(random(other.length + 1))]);
    default:
      return Buffer.concat([before, Buffer.from('[{"a":'.repeat(1 + random(200))), input.subarray(at)]);
  }
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** One value somewhere within replaced, taken out, doubled or renamed; null for what is no JSON. */
function changedJson(input: Buffer, random: Random): Buffer<ArrayBuffer> | null {
  let json: Json;
  try {
    json = JSON.parse(input.toString()) as Json;
  } catch {
    return null;
  }
  let at = json;
  for (;;) {
    if (typeof at !== 'object' || at === null) return null;
    const names = Object.keys(at);
    const name = names[random(names.length)];
    if (name === undefined) return null;
    const holder = at as Record<string, Json>;
    const value = holder[name] ?? null;
    if (typeof value === 'object' && value !== null && random(3) > 0) {
      at = value;
      continue;
    }
    changeValue(holder, name, value, random);
    return Buffer.from(JSON.stringify(json));
  }
}

function changeValue(holder: Record<string, Json>, name: string, value: Json, random: Random): void {
  const odd: Json[] = [null, true, -1, 0, 1.5, 2 ** 53, '', [], {}, [[]], { a: null }, 'x'.repeat(5000)];
  const word = words[random(words.length)] ?? '';
  switch (random(6)) {
    case 0:
      holder[name] = odd[random(odd.length)] ?? null;
      return;
    case 1:
      if (Array.isArray(holder)) holder.splice(Number(name), 1);
      else delete holder[name];
      return;
    case 2:
      holder[name] = Array.isArray(value) ? Array.from({ length: 300 }, () => value[0] ?? null) : [value];
      return;
    case 3:
      // Defined, so that `__proto__` becomes a name too.
      if (!Array.isArray(holder))
        Object.defineProperty(holder, word, { value, enumerable: true, configurable: true });
      return;
    case 4:
      holder[name] = typeof value === 'string' ? value.slice(0, random(value.length + 1)) + word : word;
      return;
    default:
      holder[name] = typeof value === 'number' ? value + random(5) - 2 : { [word]: value };
  }
}
