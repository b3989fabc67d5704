import type { Log, LogFields } from '@xylem/platform';
import type { Terminal } from './terminal.ts';

/** Warnings and errors as notes for a person; what goes well is said by the command itself. */
export function terminalLog(terminal: Terminal): Log {
  const note = (event: string, fields?: LogFields): void => {
    const facts = Object.entries(fields ?? {}).map(
      ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
    terminal.note([event, ...facts].join(' '));
  };
  return { info: () => undefined, warn: note, error: note };
}
