import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { XylemError } from '@xylem/core';
import { createHttpClient, type HttpClient } from '@xylem/platform';
import {
  buildJoinRequest,
  checkJoinAnswer,
  clientTls,
  generateKey,
  loadUnjoinedKey,
  parseToken,
  pinnedCa,
  saveIdentity,
  saveKeyFile,
  unpinnedTls,
} from '@xylem/trust';
import { localAdoption } from '../adopt/adoption-file.ts';
import { beginObserving } from '../adopt/observe.ts';
import type { Joined, JoinOptions } from '../options.ts';
import { askNode } from '../parents/requests.ts';
import { hostFacts } from '../reports/facts.ts';
import { stateLayout } from '../state/layout.ts';
import { lockState } from '../state/lock.ts';

const maxAnswerBytes = 4 * 1024 * 1024;
/** Nobody tries again by itself; a bad link may be silent for half a minute; and a relay asks its own parents, up to the root server. */
const idleTimeoutMs = 60_000;

/**
 * Joins an environment: makes the host's key (or takes the one that an interrupted or former joining left), checks the
 * server by the token's pin, and the answer by its MAC. Joining again with a live token keeps key and id.
 * @throws XylemError E_JOIN_TOKEN, E_JOIN_MAC, E_CERTIFICATE, E_TRUST, E_PARENT_UNREACHABLE, E_PARENT_REFUSED,
 *   E_STATE_LOCKED while an agent runs here, E_CONFLICT where something is installed and this host should only observe
 */
export async function joinHost(options: JoinOptions): Promise<Joined> {
  const { stateFolder, name, serve, clock, randomness, log } = options;
  const token = parseToken(options.token);
  const url = nodeUrl(options.url);
  const layout = stateLayout(stateFolder);
  await mkdir(layout.root, { recursive: true, mode: 0o700 });
  await mkdir(layout.identity, { recursive: true, mode: 0o700 });
  const lock = await lockState(layout.lock, randomness);
  try {
    // First of all: an agent that is started as soon as there is an identity must not act.
    if (options.observedBy !== undefined) await beginObserving(layout, options.observedBy, clock, log);
    const kept = await loadUnjoinedKey(layout.identity);
    const key = kept ?? generateKey();
    // Before the request: if the answer is lost, the same host asks again.
    if (kept === null) await saveKeyFile(join(layout.identity, 'key.pem'), key);
    const proxy =
      options.proxyEnvironment === undefined ? {} : { proxyEnvironment: options.proxyEnvironment };
    const caPem = await using(createHttpClient({ ...proxy, tls: unpinnedTls }), async (http) => {
      const { body, socket } = await http.request({ method: 'GET', url: `${url}/parents`, idleTimeoutMs });
      const found = pinnedCa(socket as TLSSocket, token.pin, clock);
      body.on('error', () => undefined);
      body.destroy();
      return found;
    });
    const facts = options.facts ?? (await hostFacts(layout.root));
    const request = buildJoinRequest({ token, key, name, serve, facts, randomness });
    const answer = await using(createHttpClient({ ...proxy, tls: clientTls({ caPem }) }), async (http) => {
      const post = {
        method: 'POST' as const,
        url: `${url}/join`,
        headers: { 'content-type': 'application/json' },
        body: request.body,
        idleTimeoutMs,
      };
      return await askNode({ http, clock }, post, maxAnswerBytes);
    });
    if (answer === null) throw new XylemError('E_PARENT_REFUSED', `${url} takes no joining hosts.`);
    const joined = checkJoinAnswer(answer, { token, requestMac: request.mac, key });
    const { host, environment, trustMap } = joined;
    // The node by which it joined comes first (docs/spec/direction.md: "absent: as it joined"); the root's word stands by.
    const parents = [...new Set([url, ...joined.parents])];
    await saveIdentity(layout.identity, {
      host,
      environment,
      name,
      serve,
      parents,
      key,
      certificatePem: joined.certificate,
      caPem: joined.ca,
      trustMap,
      ...(options.allowPlainHttp === true ? { plainHttp: true } : {}),
    });
    log.info('joined', { host, environment: environment.name, parents });
    const { observing } = await localAdoption(layout.adoption, log);
    return { host, environment, parents, observes: observing !== null };
  } finally {
    await lock.release();
  }
}

async function using<T>(http: HttpClient, act: (http: HttpClient) => Promise<T>): Promise<T> {
  try {
    return await act(http);
  } finally {
    http.close();
  }
}

function nodeUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new XylemError('E_INPUT', `"${text}" is no URL; expected one like https://root.example:8443`);
  }
  if (url.protocol !== 'https:') {
    throw new XylemError('E_INPUT', `A host joins through https only; "${text}" begins with ${url.protocol}`);
  }
  return url.origin;
}
