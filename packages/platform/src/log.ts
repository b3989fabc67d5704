import type { Clock } from './clock.ts';
import { formatTime } from './clock.ts';

export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log: an event's name in words and its fields. Never give it a secret. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** One JSON document a line: `{"time":…,"level":…,"event":…,…fields}`. Errors among the fields become code and message. */
export function jsonLog(stream: { write(line: string): unknown }, clock: Clock, base: LogFields = {}): Log {
  const write = (level: string, event: string, fields: LogFields = {}): void => {
    const record = { time: formatTime(clock.now()), level, event, ...base, ...fields };
    stream.write(
      `${JSON.stringify(record, (_key, value) => (value instanceof Error ? describe(value) : value))}\n`,
    );
  };
  return {
    info: (event, fields) => write('info', event, fields),
    warn: (event, fields) => write('warn', event, fields),
    error: (event, fields) => write('error', event, fields),
  };
}

/** For parts that have nowhere to log to. */
export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

function describe(error: Error): Record<string, unknown> {
  const { code } = error as { code?: unknown };
  const cause = error.cause instanceof Error ? describe(error.cause) : error.cause;
  return {
    ...(code === undefined ? {} : { code }),
    message: error.message,
    ...(cause === undefined ? {} : { cause }),
  };
}
