import { PassThrough } from 'node:stream';
import type { HttpClient, HttpRequest } from '@xylem/platform';

/** A client whose every request is answered, with a body that the test writes and nobody ends. */
export function drippingClient(status: number): {
  readonly http: HttpClient;
  readonly bodies: readonly PassThrough[];
} {
  const bodies: PassThrough[] = [];
  const request = async ({ signal }: HttpRequest) => {
    const body = new PassThrough();
    signal?.addEventListener('abort', () => body.destroy(new Error('aborted')));
    bodies.push(body);
    return { status, headers: {}, body };
  };
  return { http: { request } as unknown as HttpClient, bodies };
}
