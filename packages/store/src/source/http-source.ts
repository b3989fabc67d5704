import type { Readable } from 'node:stream';
import { XylemError } from '@xylem/core';
import { type HttpClient, type HttpResponse, pacedHeader } from '@xylem/platform';
import { backgroundPriority } from '@xylem/platform/serving';
import type { ObjectSource, SourceAnswer, SourceRequest } from './object-source.ts';
import { retryAfterOf } from './retry-after.ts';
import { sliceOf } from './slice.ts';

const settledMs = 2000;

/** A parent, or any web server over the same files. `baseUrl` is what the paths are appended to. */
export function httpSource(client: HttpClient, baseUrl: string): ObjectSource {
  const base = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`;
  return {
    name: baseUrl,
    get: async (path, request = {}) => {
      const response = await client.request({
        method: 'GET',
        url: base + path,
        headers: headersOf(request),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      });
      return answerOf(baseUrl, path, request, response);
    },
  };
}

function headersOf({ offset = 0, length, ifNoneMatch, isBackground }: SourceRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  if (offset > 0 || length !== undefined) {
    headers.range = `bytes=${offset}-${length === undefined ? '' : offset + length - 1}`;
  }
  if (ifNoneMatch !== undefined) headers['if-none-match'] = ifNoneMatch;
  if (isBackground === true) headers.priority = backgroundPriority;
  return headers;
}

function answerOf(name: string, path: string, request: SourceRequest, response: HttpResponse): SourceAnswer {
  const { status, headers, body } = response;
  const { offset = 0, length } = request;
  const etag = strongEtag(headers);
  const isPaced = headers[pacedHeader] !== undefined;
  if (status === 206) {
    const range = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/.exec(headers['content-range'] ?? '');
    if (range === null || Number(range[1]) !== offset) {
      body.destroy();
      throw new XylemError('E_NETWORK', `${name} answered another range of ${path} than was asked for.`, {
        retry: 'elsewhere',
      });
    }
    const totalBytes = range[3] === '*' ? undefined : Number(range[3]);
    return { status: 'found', body: sliceOf(body, 0, length), totalBytes, etag, isPaced };
  }
  if (status === 200) {
    const totalBytes =
      headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
    // A server may ignore Range (RFC 9110 section 14.2): then what was not asked for is read past.
    return { status: 'found', body: sliceOf(body, offset, length), totalBytes, etag, isPaced };
  }
  letGo(body, headers['content-length']);
  if (status === 304) return { status: 'unchanged' };
  // 416: the file ends before the first byte that was asked for.
  if (status === 404 || status === 410 || status === 416) return { status: 'missing' };
  const refused = status < 500 && status !== 429;
  throw new XylemError(
    refused ? 'E_PARENT_REFUSED' : 'E_PARENT_UNREACHABLE',
    `${name} answered ${status} to ${path}.`,
    { retry: 'elsewhere', details: { status, ...retryAfterOf(headers) } },
  );
}

/**
 * A plain web server makes its ETag from length and whole seconds of change: within those seconds another content may
 * have the same one. By RFC 9110 section 8.8.2.2 it counts as strong once the change was long enough before the answer.
 */
export function strongEtag(headers: HttpResponse['headers']): string | undefined {
  const { etag, date, 'last-modified': changed } = headers;
  if (etag === undefined || etag.startsWith('W/')) return undefined;
  if (changed === undefined || date === undefined) return etag;
  return Date.parse(date) - Date.parse(changed) >= settledMs ? etag : undefined;
}

/** Reads a short body so that the connection can be used again; what may be long is cut off. */
function letGo(body: Readable, contentLength: string | undefined): void {
  body.on('error', () => undefined);
  if (contentLength !== undefined && Number(contentLength) <= 16 * 1024) body.resume();
  else body.destroy();
}
