/** What a bench found. The names of figures are a contract: camelCase, with their unit. */
export interface Measured {
  /** What was measured on, so that a figure can be found again. */
  readonly inputs: Readonly<Record<string, string | number>>;
  readonly figures: Readonly<Record<string, number | boolean>>;
  /** A figure more, `rows`: what was measured once for each of several things, with keys named in the same way. */
  readonly rows?: readonly object[];
}

/** What every `bench/<name>.ts` exports. */
export interface Bench {
  /** One line: what it measures, and its arguments. */
  readonly usage: string;
  /** @param say a line for people, while it runs */
  run(words: readonly string[], say: (line: string) => void): Promise<Measured>;
}
