import { lockFor } from '../../db/lock.ts';
import type { Database } from '../../db/tables.ts';
import { throttled } from '../throttled.ts';
import { type Entering, enterOidc } from './enter.ts';
import { oidcFault } from './faults.ts';
import type { Issuers } from './issuers.ts';
import { redirectUriOf } from './redirect.ts';
import { isSame, newSeed, type SignInSeed, seedLifetimeMs, seedOf } from './seed.ts';
import { requireOidc } from './settings.ts';

export interface BrowserSignIn extends Entering {
  readonly issuers: Issuers;
  readonly nodesUrl: () => string;
}

/** Where the browser goes, and the cookie by which it is known when it comes back. @throws XylemError E_OIDC, E_ISSUER */
export async function beginInBrowser(
  root: BrowserSignIn,
): Promise<{ readonly location: string; readonly cookie: string }> {
  const settings = await requireOidc(root.db);
  const issuer = await root.issuers.of(settings);
  const { cookie, seed } = newSeed(settings.key, root.randomness, root.clock.now());
  const location = await issuer.authorizationUrl({ ...seed, redirectUri: redirectUriOf(root, settings) });
  return { location, cookie };
}

/**
 * Signs in whoever comes back from the issuer. `query`: of the address, with its `?`.
 * @returns the session's token
 * @throws XylemError E_OIDC, E_ISSUER, E_THROTTLED
 */
export async function completeInBrowser(
  root: BrowserSignIn,
  {
    query,
    cookie,
    device,
    from,
  }: { query: string; cookie: string | null; device: string; from: string | null },
): Promise<string> {
  return await throttled(root, { from, kind: 'address' }, async () => {
    const settings = await requireOidc(root.db);
    const seed = cookie === null ? null : seedOf(settings.key, cookie);
    const returned = new URL(redirectUriOf(root, settings) + query);
    const [state, more] = returned.searchParams.getAll('state');
    // Without the cookie it is a link that somebody else made, to sign this browser in as them.
    if (seed === null || state === undefined || more !== undefined || !isSame(seed.state, state)) {
      const message =
        'This browser did not begin this sign-in here, or how people sign in was changed since.';
      throw oidcFault('browser', `${message} Begin again.`);
    }
    await useOnce(root.db, seed, root.clock.now());
    const issuer = await root.issuers.of(settings);
    const claims = await issuer.claimsOf(returned, { ...seed, redirectUri: redirectUriOf(root, settings) });
    const session = await enterOidc(root, settings, claims, { kind: 'browser', device, from });
    return session.token;
  });
}

/** Before the issuer is shown the code: of two that come back with the same, one goes on. @throws XylemError E_OIDC */
async function useOnce(db: Database, { digest, untilMs }: SignInSeed, nowMs: number): Promise<void> {
  if (untilMs <= nowMs || untilMs > nowMs + seedLifetimeMs)
    throw oidcFault('expired', 'The sign-in took longer than 10 minutes. Begin again.');
  await db.transaction().execute(async (trx) => {
    await lockFor(trx, 'oidc');
    await trx.deleteFrom('oidc_used').where('until_ms', '<=', nowMs).execute();
    const first = await trx
      .insertInto('oidc_used')
      // Longer than it could be taken, for a clock that is set back meanwhile.
      .values({ sign_in: digest, until_ms: untilMs + 24 * 3600_000 })
      .onConflict((c) => c.column('sign_in').doNothing())
      .returning('sign_in')
      .executeTakeFirst();
    if (first === undefined) throw oidcFault('replayed', 'This sign-in was completed before. Begin again.');
  });
}
