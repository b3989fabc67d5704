import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { errorCodes, type News, XylemError } from '@xylem/core';
import { type Clock, chooseProxy, createHttpClient, type HttpClient } from '@xylem/platform';
import { clientTls, type Identity } from '@xylem/trust';
import { type Asking, askNews } from '../parents/requests.ts';
import { type Finding, found, judgeWord } from './judge.ts';

export interface AskedParents {
  readonly findings: readonly Finding[];
  /** What the first parent that answered holds for the time; epoch milliseconds. */
  readonly dateMs: number | null;
}

const answerMs = 10_000;

/** Asks each parent for what it should have for this host, as the agent does. */
export async function askParents(
  identity: Identity,
  urls: readonly string[],
  { clock, proxyEnvironment }: { readonly clock: Clock; readonly proxyEnvironment?: NodeJS.ProcessEnv },
): Promise<AskedParents> {
  const tls = clientTls(identity, { has: () => false, generation: 0 });
  const http = createHttpClient({
    tls: () => tls,
    ...(proxyEnvironment === undefined ? {} : { proxyEnvironment }),
  });
  const findings: Finding[] = [];
  let dateMs: number | null = null;
  try {
    for (const url of urls) {
      // It looks names up itself.
      const isProxied = chooseProxy(new URL(url), proxyEnvironment ?? {}) !== null;
      const name = isProxied ? null : await lookUp(url);
      if (name !== null) {
        findings.push(name);
        continue;
      }
      const asked = await askOne(http, url, identity);
      findings.push(asked.finding);
      if (asked.finding.ok) findings.push(...judgeWord(url, await wordOf({ http, clock }, url, identity)));
      dateMs ??= asked.dateMs;
    }
  } finally {
    http.close();
  }
  if (urls.length === 0) {
    findings.push(
      found.ill('parent', 'This host knows no parent.', 'Join it again: xylem join URL --token …'),
    );
  }
  return { findings, dateMs };
}

/** Null: the name leads to an address, or is one. */
async function lookUp(url: string): Promise<Finding | null> {
  const name = new URL(url).hostname.replace(/^\[|\]$/g, '');
  if (isIP(name) !== 0) return null;
  try {
    await lookup(name);
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return found.ill(
      'name',
      `${name}, a parent's name, leads to no address (${code ?? String(error)}).`,
      'Look at /etc/resolv.conf and at the name.',
    );
  }
}

async function askOne(
  http: HttpClient,
  url: string,
  { environment }: Identity,
): Promise<{ finding: Finding; dateMs: number | null }> {
  try {
    const { status, headers, body } = await http.request({
      method: 'GET',
      url: `${url.replace(/\/$/, '')}/r/${environment.id}/metadata/timestamp.json`,
      idleTimeoutMs: answerMs,
      signal: AbortSignal.timeout(answerMs * 2),
    });
    body.destroy();
    const at = Date.parse(headers.date ?? '');
    const dateMs = Number.isNaN(at) ? null : at;
    return { finding: judgeStatus(url, status, environment.name), dateMs };
  } catch (error) {
    const fault =
      error instanceof XylemError
        ? error
        : new XylemError('E_PARENT_UNREACHABLE', `${url}: ${String(error)}`);
    return { finding: found.ill('parent', fault.message, errorCodes[fault.code].advice), dateMs: null };
  }
}

/** As its answer about news says, which is not held: no host is at version 0. */
async function wordOf(
  asking: Asking,
  url: string,
  { environment }: Identity,
): Promise<Pick<News, 'sinceRootMs' | 'fullForMs'>> {
  const signal = AbortSignal.timeout(answerMs);
  const question = { cursor: `${environment.id}.0`, isFull: false };
  const news = await askNews(asking, url.replace(/\/$/, ''), question, answerMs, signal).catch(() => null);
  return news ?? {};
}

function judgeStatus(url: string, status: number, environment: string): Finding {
  if (status === 200) return found.well('parent', `${url} answers, and serves ${environment}.`);
  if (status === 404) {
    return found.ill(
      'parent',
      `${url} answers, and does not serve ${environment} to this host.`,
      'It may have just begun to follow it: wait a minute. Else the host was revoked or moved, or the parent serves other environments: xylem host why says more where the root server is reached.',
    );
  }
  return found.ill(
    'parent',
    `${url} answers with status ${status}.`,
    'See its log; the agent goes on with other parents meanwhile.',
  );
}
