import { X509Certificate } from 'node:crypto';
import { type EnvironmentId, limits, parseRenewAnswer, XylemError } from '@xylem/core';
import { createHttpClient } from '@xylem/platform';
import {
  addressOf,
  buildMoveRequest,
  caIdOf,
  clientTls,
  type Identity,
  isPlainBeyondLoopback,
  movedTrustMap,
  saveLeaving,
  saveMoved,
} from '@xylem/trust';
import type { Accepted } from '../direction/wanted.ts';
import type { AsksParents } from '../parents/parents.ts';
import { askNode, postToFirst } from '../parents/requests.ts';
import type { Wake } from '../run/wake.ts';
import { renewedCertificate } from './renew.ts';

export interface MoveOptions extends AsksParents {
  readonly folder: string;
  readonly identity: () => Identity;
  readonly accepted: () => Accepted | null;
  readonly wake: Wake;
  readonly proxyEnvironment: NodeJS.ProcessEnv | undefined;
  readonly retryMs: number;
  readonly onFault: (fault: XylemError | null) => void;
  /** The new identity is kept; this life of the agent is over. */
  readonly onMoved: () => void;
}

interface Move {
  readonly environment: EnvironmentId;
  readonly name?: string;
  /** To another tenant: what the former one gave in confidence stays behind. */
  readonly leave?: NonNullable<Accepted['entry']['leave']>;
}

const maxAnswerBytes = 256 * 1024;

/** Where direction wants this host to live, if it is another environment than its own. Pure. */
function wantedMove(accepted: Accepted | null, identity: Identity): Move | null {
  const { move, leave } = accepted?.entry ?? {};
  const wanted = leave === undefined ? move : { environment: leave.environment, leave };
  return wanted === undefined || wanted.environment === identity.environment.id ? null : wanted;
}

/** Takes this host to another environment when direction says so, until the signal ends it. */
export async function moveWhenDirected(options: MoveOptions): Promise<void> {
  const { identity, accepted, wake, signal, log, onFault, retryMs, randomness } = options;
  while (!signal.aborted) {
    const move = wantedMove(accepted(), identity());
    let pauseMs = 3_600_000;
    if (move !== null) {
      try {
        await moveTo(options, move);
        onFault(null);
        options.onMoved();
        return;
      } catch (cause) {
        if (signal.aborted) return;
        log.warn('not moved to another environment', { environment: move.environment, cause });
        onFault(cause instanceof XylemError ? cause : null);
        pauseMs = retryMs * (0.5 + randomness.fraction());
      }
    } else onFault(null);
    await wake.sleep(pauseMs, signal).catch(() => undefined);
  }
}

/**
 * A certificate for the new environment, then its direction root, which its id pins; only then is anything kept. The
 * release roots stay those that this host has: whoever directs can't bring others.
 */
async function moveTo(options: MoveOptions, { environment, name, leave }: Move): Promise<void> {
  const { identity, parents, folder, clock, log, proxyEnvironment, signal } = options;
  const own = identity();
  let certificatePem = '';
  let called = name ?? environment;
  const given = leave?.parents ?? [];
  const asked = [...new Set([...given, ...parents.urls()])].filter(
    (url) => own.plainHttp === true || !isPlainBeyondLoopback(url),
  );
  const urls = asked.filter((url) => url.startsWith('https:'));
  const post = {
    path: '/renew',
    body: buildMoveRequest(own.key, own.host, environment),
    maxBytes: maxAnswerBytes,
    idleTimeoutMs: 60_000,
    nobody: 'No parent of this host renews certificates.',
  };
  await postToFirst(options, urls, post, async (answer) => {
    const fresh = renewedCertificate(answer, own, own.key.public, 'moved');
    const { subjectAltName } = new X509Certificate(fresh);
    if (addressOf(subjectAltName, caIdOf(own.caPem)).environment !== environment) {
      throw new XylemError(
        'E_CERTIFICATE',
        'The certificate for the move does not name the new environment.',
      );
    }
    certificatePem = fresh;
    if (leave !== undefined) called = parseRenewAnswer(answer).name ?? environment;
  });
  const proxy = proxyEnvironment === undefined ? {} : { proxyEnvironment };
  const http = createHttpClient({ tls: clientTls({ ...own, certificatePem }), ...proxy });
  try {
    let worst: XylemError | null = null;
    for (const url of asked) {
      try {
        const path = `r/${environment}/metadata/1.root.json`;
        const root = await askNode(
          { http, clock },
          { method: 'GET', url: `${url}/${path}`, signal },
          limits.rootMetadata,
        );
        if (root === null) continue;
        const trustMap = movedTrustMap(own.trustMap, environment, root);
        const moved = { ...own, environment: { id: environment, name: called }, certificatePem, trustMap };
        if (leave === undefined) await saveMoved(folder, moved);
        else {
          // Those of the old tenant may not serve it: whoever gave its root does.
          const next = { ...moved, parents: given.length > 0 ? given : [...new Set([url, ...own.parents])] };
          const { keepData = false } = leave;
          await saveLeaving(folder, next, { from: own.environment.id, keepData });
        }
        log.info('moved to another environment', { environment });
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof XylemError)) throw error;
        worst = error;
      }
    }
    throw (
      worst ?? new XylemError('E_PARENT_REFUSED', `No parent of this host serves the environment ${called}.`)
    );
  } finally {
    http.close();
  }
}
