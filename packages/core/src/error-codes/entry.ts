/** What a caller may do about a fault: give up, try the same again later, or turn to another parent. */
export type Retry = 'never' | 'later' | 'elsewhere';

/** The exit codes of the CLI, by kind of fault. `docs/errors.md` shows them. */
export const exitCodes = {
  ok: 0,
  internal: 1,
  input: 2,
  auth: 3,
  notFound: 4,
  conflict: 5,
  network: 6,
  integrity: 7,
  machine: 8,
  outcome: 9,
  interrupted: 130,
} as const;

export interface ErrorCodeEntry {
  /** One sentence: what is the case. */
  readonly meaning: string;
  /** What a person can do. */
  readonly advice: string;
  readonly retry: Retry;
  readonly exitCode: number;
}

/** A row of the table, in the order of the columns in `docs/errors.md`. */
export function code(
  meaning: string,
  advice: string,
  retry: Retry,
  exit: keyof typeof exitCodes,
): ErrorCodeEntry {
  return { meaning, advice, retry, exitCode: exitCodes[exit] };
}

export type ErrorCodes = Readonly<Record<`E_${string}`, ErrorCodeEntry>>;
