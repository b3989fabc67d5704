import { vectorOf, XylemError } from '@xylem/core';
import { clientFor, readBody } from '@xylem/platform';

const maxBytes = 4 * 1024 * 1024;
const deadlineMs = 15_000;

export interface Prometheus {
  /** Of the server, to which `/api/v1/query` is added. */
  readonly url: string;
  readonly token: string | null;
}

/**
 * Asks an instant query at a time.
 * @returns the values by the value of `label`
 * @throws XylemError E_METRIC
 */
export async function askPrometheus(
  { url, token }: Prometheus,
  { query, atMs, label }: { readonly query: string; readonly atMs: number; readonly label: string },
): Promise<Map<string, number>> {
  const client = clientFor(url);
  const place = `${url.replace(/\/$/, '')}/api/v1/query`;
  const refuse = (what: string, cause?: unknown): XylemError =>
    new XylemError('E_METRIC', `${place} ${what}.`, { cause, retry: 'later' });
  try {
    const { status, body } = await client.request({
      method: 'POST',
      url: place,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body: new URLSearchParams({ query, time: (atMs / 1000).toFixed(3) }).toString(),
      signal: AbortSignal.timeout(deadlineMs),
    });
    const bytes = await readBody(body, maxBytes, place);
    // A query that it can't read is answered with 400 or 422, and why.
    if (status !== 200 && status !== 400 && status !== 422) throw refuse(`answers with status ${status}`);
    return vectorOf(parsed(bytes, refuse), label);
  } catch (cause) {
    if (cause instanceof XylemError && cause.code === 'E_METRIC') throw cause;
    throw refuse(cause instanceof XylemError ? `can't be asked: ${cause.message}` : 'does not answer', cause);
  } finally {
    client.close();
  }
}

function parsed(bytes: Buffer, refuse: (what: string, cause?: unknown) => XylemError): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw refuse('answers with something that is no JSON', cause);
  }
}
