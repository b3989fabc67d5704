import type { AgentOptions } from 'node:https';
import { isErrorCode, XylemError } from '@xylem/core';
import { createHttpClient, readBody } from '@xylem/platform';
import type { BodyOf, Operation, ParamsOf, QueryOf, ResponseOf } from '@xylem/root/contract';
import type { Context } from '../home/contexts.ts';
import { routes } from './routes.ts';

const apiPrefix = '/api/v1';
const maxAnswerBytes = 64 * 1024 * 1024;

type Without<T, K extends string> = [T] extends [undefined]
  ? { readonly [P in K]?: never }
  : { readonly [P in K]: T };
/** What an operation needs: the parts that its contract names, and no others. */
export type Asking<O extends Operation> = Without<ParamsOf<O>, 'params'> &
  ([QueryOf<O>] extends [undefined] ? { readonly query?: never } : { readonly query?: QueryOf<O> }) &
  Without<BodyOf<O>, 'body'> & {
    /** No answer for so long is a fault. Default 60,000. */
    readonly timeoutMs?: number;
  };

/** The root server's API with the token of one context. */
export interface Api {
  readonly url: string;
  /** The release repository that was pinned at login. */
  readonly repository: string | undefined;
  /** @throws XylemError with the code that the root server gave, or E_PARENT_UNREACHABLE */
  call<O extends Operation>(operation: O, asking: Asking<O>): Promise<ResponseOf<O>>;
  close(): void;
}

export async function openApi(
  context: Context,
  environment: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<Api> {
  const tls = await tlsOf(context, environment);
  const http = createHttpClient({
    ...(tls === undefined ? {} : { tls }),
    proxyEnvironment: environment,
  });
  const base = context.url.replace(/\/+$/, '') + apiPrefix;
  return {
    url: context.url,
    repository: context.repository,
    async call(operation, asking) {
      const [method, path] = routes[operation];
      const { params, query, body, timeoutMs } = asking as Loose;
      const response = await http.request({
        method,
        url: base + fill(path, params ?? {}) + search(query ?? {}),
        headers: {
          authorization: `Bearer ${context.token}`,
          accept: 'application/json',
          ...(body === undefined
            ? {}
            : { 'content-type': isStream(body) ? 'application/octet-stream' : 'application/json' }),
        },
        ...(body === undefined ? {} : { body: isStream(body) ? body : JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
        idleTimeoutMs: timeoutMs ?? 60_000,
      });
      const bytes = await readBody(response.body, maxAnswerBytes, 'the answer of the root server');
      const answer = readJson(bytes);
      if (response.status >= 200 && response.status < 300 && answer !== undefined) return answer as never;
      throw problem(answer, response.status, context.url);
    },
    close: () => http.close(),
  };
}

interface Loose {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

const isStream = (body: unknown): body is Uint8Array | AsyncIterable<Uint8Array> =>
  body instanceof Uint8Array || (typeof body === 'object' && body !== null && Symbol.asyncIterator in body);

function fill(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
}

function search(query: NonNullable<Loose['query']>): string {
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [value].flat().map((one) => [key, one as string]),
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The fault as the root server named it; codes of a newer server than this program become E_INTERNAL. */
function problem(answer: unknown, status: number, url: string): XylemError {
  const { code, message, details } = (typeof answer === 'object' && answer !== null ? answer : {}) as Record<
    string,
    unknown
  >;
  if (typeof code === 'string' && typeof message === 'string') {
    const known = isErrorCode(code) ? code : 'E_INTERNAL';
    const text = known === code ? message : `${code}: ${message}`;
    const facts =
      typeof details === 'object' && details !== null ? { details: details as Record<string, unknown> } : {};
    return new XylemError(known, text, facts);
  }
  return new XylemError('E_UNSUPPORTED', `${url} answered ${status}, but not as a root server does.`);
}

async function tlsOf(
  { url, pin, ca }: Context,
  environment: NodeJS.ProcessEnv,
): Promise<AgentOptions | undefined> {
  if (!url.startsWith('https:') || (pin === undefined && ca === undefined)) return undefined;
  const { learnCa, rootTls } = await import('./pinned.ts');
  return rootTls(ca ?? (await learnCa(url, pin ?? '', environment)));
}
