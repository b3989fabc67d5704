import { type HostId, limits, type Parents, XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import type { Faults } from '../faults.ts';

const leftForMs = 60_000;

/** The hosts above whoever pulls from a node that says this, the nearest first. Pure. */
export function lineBelow({ self, line = [] }: Parents): readonly HostId[] {
  return self.host === null ? line : [self.host, ...line];
}

/** Parents that pull from this relay themselves (docs/spec/sites.md): each is passed over for a while, and reported. */
export class Loops {
  readonly #own: () => HostId;
  readonly #clock: Clock;
  readonly #faults: Faults;
  readonly #leftUntilMs = new Map<string, number>();

  constructor(own: () => HostId, clock: Clock, faults: Faults) {
    this.#own = own;
    this.#clock = clock;
    this.#faults = faults;
  }

  /** Whether this parent may be pulled from. @param line as `lineBelow` says of what it answered just now */
  judge(parent: string, line: readonly HostId[]): boolean {
    const fault = whatIsWrong(parent, line, this.#own());
    if (fault === null) {
      this.#leftUntilMs.delete(parent);
      return true;
    }
    this.#leftUntilMs.set(parent, this.#clock.monotonicMs() + leftForMs);
    this.#faults.set('loop', fault);
    return false;
  }

  /** `wanted` without those in a loop; while there are any, `last` come after the rest. */
  pass(wanted: readonly string[], last: readonly string[]): readonly string[] {
    if (!wanted.some((parent) => this.#leftUntilMs.has(parent))) {
      this.#leftUntilMs.clear();
      this.#faults.clear('loop');
      return wanted;
    }
    const now = this.#clock.monotonicMs();
    return [...new Set([...wanted, ...last])].filter(
      (parent) => (this.#leftUntilMs.get(parent) ?? Number.NEGATIVE_INFINITY) <= now,
    );
  }
}

function whatIsWrong(parent: string, line: readonly HostId[], own: HostId): XylemError | null {
  const place = line.indexOf(own);
  if (place < 0 && line.length <= limits.lineHosts) return null;
  const what =
    place === 0
      ? 'is this relay itself'
      : place > 0
        ? `pulls from this relay: ${[own, ...line.slice(0, place + 1)].join(' from ')}`
        : `has more than ${limits.lineHosts} relays above it, which go in a circle`;
  return new XylemError('E_PARENT_LOOP', `The parent ${parent} ${what}. It is left.`);
}
