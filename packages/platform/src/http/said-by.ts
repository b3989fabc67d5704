/**
 * Why something failed, in the system's own words: of a name with several addresses, for each of them.
 * Not the error itself: a library's may hold the credentials that it was given.
 */
export function saidBy(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause instanceof AggregateError && cause.errors.length > 0) return cause.errors.map(saidBy).join('; ');
  const { code } = cause as NodeJS.ErrnoException;
  return cause.message === '' ? String(code) : cause.message;
}
