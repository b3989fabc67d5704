import type { LastExit } from './protocol.ts';

/** How a process ended, for a sentence that names it. Pure. */
export function exitText(exit: LastExit | null): string {
  const cause = exit?.cause === undefined ? '' : `: ${exit.cause}`;
  return `${howEnded(exit)}${cause}`;
}

function howEnded(exit: LastExit | null): string {
  if (exit === null) return 'it has not ended yet';
  if (exit.error !== null) return `it could not be started: ${exit.error}`;
  if (exit.signal !== null) return `by ${exit.signal}`;
  return exit.code === null ? 'in a way that nobody saw' : `with exit code ${exit.code}`;
}

/** For `LastExit.cause`. Pure. */
export function memoryCause(limitBytes: number): string {
  return `the kernel ended it for want of memory, at its limit of ${Math.round(limitBytes / 2 ** 20)} MiB`;
}
