import type { Command } from '../define.ts';

export interface TableEntry {
  /** Noun and verb, as typed. */
  readonly path: string;
  /** One line, without a full stop. */
  readonly summary: string;
  load(): Promise<{ readonly command: Command }>;
}
