const mostMs = 60_000;

/** What a full node asks for (RFC 9110 section 10.2.3, seconds alone), a minute at most, as a detail of the fault. Pure. */
export function retryAfterOf(headers: Readonly<Record<string, string | undefined>>): {
  retryAfterMs?: number;
} {
  const seconds = /^\d{1,6}$/.exec(headers['retry-after'] ?? '');
  return seconds === null ? {} : { retryAfterMs: Math.min(mostMs, Number(seconds[0]) * 1000) };
}
