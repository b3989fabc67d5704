/** The same GET again and again on kept connections, each with one request at a time. */
export interface Asking {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
}

export interface Answered {
  readonly answers: number;
  /** Of answers, heads included. */
  readonly bytes: number;
  readonly seconds: number;
  readonly failed: number;
}
