import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { createHttpClient, writeFileAtomic } from '@xylem/platform';
import { buildRekeyRequest } from '@xylem/trust';
import { acceptedFile } from '../direction/accepted-file.ts';
import type { RotateKeyOptions } from '../options.ts';
import { type AsksParents, parentsOf } from '../parents/parents.ts';
import { postToFirst } from '../parents/requests.ts';
import { wakeable } from '../run/wake.ts';
import { stateLayout } from '../state/layout.ts';
import { lockState } from '../state/lock.ts';
import { watchFolder } from '../state/watch-folder.ts';
import { type CurrentIdentity, openIdentity } from './current.ts';
import { renewedCertificate } from './renew.ts';

/** While this file lies in the identity's folder, the running agent asks for another key. */
const wish = 'rotate-key';
/** Where the folder can't be watched. */
const lookMs = 60_000;
const retryMs = 30_000;
const maxAnswerBytes = 256 * 1024;

export interface RekeyOptions extends AsksParents {
  readonly identity: CurrentIdentity;
}

/**
 * Gives this host another key, which the present one signs for; its id stays. Broken off anywhere, the next attempt goes
 * on with the same next key, and the root server answers it again.
 * @throws XylemError E_CERTIFICATE, E_PARENT_REFUSED, E_PARENT_UNREACHABLE, E_DISK_FULL
 */
async function rekey(options: RekeyOptions): Promise<void> {
  const { identity, parents, log } = options;
  const own = identity.get();
  const next = await identity.nextKey();
  const post = {
    path: '/renew',
    body: buildRekeyRequest(next, own.key, own.host),
    maxBytes: maxAnswerBytes,
    idleTimeoutMs: 60_000,
    nobody: 'No parent of this host renews certificates.',
  };
  const urls = parents.urls().filter((url) => url.startsWith('https:'));
  await postToFirst(options, urls, post, async (answer) => {
    await identity.rekeyed(next, renewedCertificate(answer, own, next.public));
    log.info('this host has another key', { host: own.host });
  });
}

/** Does what `xylem agent rotate-key` wished of a running agent, until the signal ends it. */
export async function rekeyWhenWished(options: RekeyOptions & { readonly folder: string }): Promise<void> {
  const { folder, clock, signal, log, randomness } = options;
  const looked = wakeable(clock);
  watchFolder(folder, { log, signal, changed: looked.wake });
  while (!signal.aborted) {
    let pauseMs = lookMs;
    if (await isWished(folder)) {
      try {
        await rekey(options);
        await rm(join(folder, wish), { force: true });
      } catch (cause) {
        if (signal.aborted) return;
        log.warn('no other key yet', { cause });
        pauseMs = retryMs * (0.5 + randomness.fraction());
      }
    }
    await looked.sleep(pauseMs, signal).catch(() => undefined);
  }
}

/**
 * Gives a host another key: through its agent if that runs, else by itself.
 * @returns 'wished' if the running agent has not had it within `waitMs`; it goes on trying
 * @throws XylemError E_NOT_JOINED and what `rekey` throws
 */
export async function rotateHostKey(options: RotateKeyOptions): Promise<'done' | 'wished'> {
  const { stateFolder, clock, randomness, log } = options;
  const layout = stateLayout(stateFolder);
  const lock = await lockState(layout.lock, randomness).catch((error: unknown) => {
    if (error instanceof XylemError && error.code === 'E_STATE_LOCKED') return null;
    throw error;
  });
  if (lock === null) return await throughAgent(layout.identity, options);
  const stop = new AbortController();
  try {
    const identity = await openIdentity(layout.identity);
    const accepted = await acceptedFile(layout.accepted, log).read();
    const proxy =
      options.proxyEnvironment === undefined ? {} : { proxyEnvironment: options.proxyEnvironment };
    const http = createHttpClient({ tls: () => identity.tls(), ...proxy });
    const wanted = (): readonly string[] => accepted?.entry.parents ?? identity.get().parents;
    const parents = parentsOf({ http, clock, randomness, log, wanted, returnToFirstMs: 1_000 });
    await rekey({ identity, parents, http, clock, randomness, log, signal: stop.signal }).finally(() =>
      http.close(),
    );
    await rm(join(layout.identity, wish), { force: true });
    return 'done';
  } finally {
    await lock.release();
  }
}

async function throughAgent(folder: string, { clock, waitMs }: RotateKeyOptions): Promise<'done' | 'wished'> {
  await writeFileAtomic(join(folder, wish), '');
  const endMs = clock.monotonicMs() + waitMs;
  while (clock.monotonicMs() < endMs) {
    await clock.sleep(100);
    if (!(await isWished(folder))) return 'done';
  }
  return 'wished';
}

const isWished = (folder: string): Promise<boolean> =>
  access(join(folder, wish)).then(
    () => true,
    () => false,
  );
