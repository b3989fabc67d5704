import type { AttackLab } from './lab.ts';

/** What came of one attack. */
export interface Outcome {
  /** Tries that the victims really met: an attack that nobody met shows nothing. */
  readonly tried: number;
  /** What the attacker got, in words; empty where nothing. */
  readonly succeeded: readonly string[];
  /** What the user was told: codes of reports, or of answers. */
  readonly said: readonly string[];
}

/** One row of docs/security.md. */
export interface Attack {
  /** As in docs/security.md. */
  readonly name: string;
  /** The secrets that the attacker's process is given, and no others. */
  readonly holds: string;
  /** Runs it, and the control: the same road with honest bytes. Rejects when the control fails or nothing was said. */
  readonly run: (lab: AttackLab) => Promise<Outcome>;
}
