import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { waitUntil } from '@xylem/testkit';

/** Words for Node that let a process count its own requests and write them to `file` when `requestsOf` asks. */
export function countingWords(file: string): string[] {
  const url = pathToFileURL(join(import.meta.dirname, 'count-requests.mjs'));
  url.searchParams.set('file', file);
  return ['--import', url.href];
}

/** A request that a process made, with the bytes at its socket, TLS and headers counted. */
export interface CountedRequest {
  /** Empty: what belongs to no request, TLS handshakes above all. */
  readonly method: string;
  readonly path: string;
  readonly answered: boolean;
  /** Of the answer's body. */
  readonly bodyBytes: number;
  readonly bytesDown: number;
  readonly bytesUp: number;
}

/** All requests until now of a process that was started with `countingWords(file)`. */
export async function requestsOf(pid: number, file: string): Promise<readonly CountedRequest[]> {
  const read = async (): Promise<{ asked: number; counted: CountedRequest[] }> =>
    JSON.parse(await readFile(file, 'utf8').catch(() => '{"asked":0,"counted":[]}')) as never;
  const { asked: before } = await read();
  process.kill(pid, 'SIGUSR2');
  const answer = await waitUntil(
    async () => {
      const now = await read();
      return now.asked > before ? now : null;
    },
    10_000,
    'the count of requests',
  );
  return answer.counted;
}

/** What was added to a count since an earlier one; a held request counts where its answer came. */
export function requestsBetween(
  before: readonly CountedRequest[],
  after: readonly CountedRequest[],
): CountedRequest[] {
  return after.map((request, index) => {
    const former = before[index];
    return {
      ...request,
      answered: request.answered && former?.answered !== true,
      bodyBytes: request.bodyBytes - (former?.bodyBytes ?? 0),
      bytesDown: request.bytesDown - (former?.bytesDown ?? 0),
      bytesUp: request.bytesUp - (former?.bytesUp ?? 0),
    };
  });
}

/** What a report costs: it is sent whether or not something was fetched. */
export const isReport = ({ path }: CountedRequest): boolean =>
  path === '/reports' || path === '/watermarks' || path.startsWith('/watermarks/');

export interface Sum {
  readonly requests: number;
  readonly bytesDown: number;
  readonly bytesUp: number;
}

export function sumOf(requests: readonly CountedRequest[]): Sum {
  return {
    requests: requests.filter(({ answered, method }) => answered && method !== '').length,
    bytesDown: requests.reduce((sum, { bytesDown }) => sum + bytesDown, 0),
    bytesUp: requests.reduce((sum, { bytesUp }) => sum + bytesUp, 0),
  };
}
