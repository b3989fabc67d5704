import { askIssuer } from './outgoing.ts';

interface Init {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** `fetch` for `openid-client`, within the bounds of `askIssuer`. @throws XylemError E_ISSUER */
export async function issuerFetch(url: string, { method, headers, body, signal }: Init): Promise<Response> {
  if (method !== 'GET' && method !== 'POST') throw new TypeError(`${method} is asked of no issuer`);
  if (body !== undefined && body !== null && typeof body !== 'string' && !(body instanceof URLSearchParams))
    throw new TypeError('a body for an issuer is a form');
  const answer = await askIssuer(url, {
    method,
    headers,
    ...(typeof body === 'string' || body instanceof URLSearchParams ? { body: body.toString() } : {}),
    ...(signal === undefined ? {} : { signal }),
  });
  const said = new Headers();
  for (const [name, value] of Object.entries(answer.headers))
    if (typeof value === 'string') said.set(name, value);
  const hasBody = answer.status !== 204 && answer.status !== 205;
  return new Response(hasBody ? new Uint8Array(answer.bytes) : null, {
    status: answer.status,
    headers: said,
  });
}
