import { createHash } from 'node:crypto';
import { appendAudit } from '../../audit/audit.ts';
import { checkGrant } from '../../auth/grants.ts';
import { changeGroup, listGroups } from '../../auth/oidc/groups.ts';
import { openIssuer } from '../../auth/oidc/issuer.ts';
import { publicUrlOf, redirectUriOf } from '../../auth/oidc/redirect.ts';
import { checkOidc, type OidcSettings, readOidc, removeOidc, writeOidc } from '../../auth/oidc/settings.ts';
import type { Root } from '../../root.ts';
import type { BodyOf } from '../contract.ts';
import type { Handlers } from '../handlers.ts';
import type { oidcRoutes } from '../routes/oidc.ts';

export function oidcHandlers(root: Root): Pick<Handlers, keyof typeof oidcRoutes> {
  const { db, clock } = root;
  const shown = (settings: OidcSettings) => {
    const { issuer, clientId, clientSecret, scope, groupsClaim, nameClaim } = settings;
    return {
      issuer,
      clientId,
      scope,
      groupsClaim,
      nameClaim,
      hasClientSecret: clientSecret !== null,
      publicUrl: publicUrlOf(root, settings),
      redirectUri: redirectUriOf(root, settings),
    };
  };
  return {
    oidcSet: async ({ body, who }) => {
      const settings = settingsOf(body);
      checkOidc(settings);
      // An issuer that is misspelt or out of reach is noticed by whoever names it, and not by the first to sign in.
      const { offersDevices } = await openIssuer({ ...settings, key: '' });
      await db.transaction().execute(async (trx) => {
        const before = await readOidc(trx);
        await writeOidc(trx, root, settings);
        await appendAudit(trx, clock.now(), {
          who: who.name,
          what: 'oidc.set',
          subject: 'oidc',
          before: before === null ? null : audited(before),
          after: audited(settings),
        });
      });
      return { ...shown(settings), offersDeviceFlow: offersDevices };
    },
    oidcShow: async () => {
      const settings = await readOidc(db);
      return { oidc: settings === null ? null : shown(settings) };
    },
    oidcRemove: async ({ who }) => {
      await db.transaction().execute(async (trx) => {
        const before = await readOidc(trx);
        if (before === null) return;
        await removeOidc(trx);
        const entry = { who: who.name, what: 'oidc.remove', subject: 'oidc', before: audited(before) };
        await appendAudit(trx, clock.now(), entry);
      });
      return {};
    },
    groupList: async () => ({
      groups: (await listGroups(db)).map(({ name, grants }) => ({ name, grants: [...grants] })),
    }),
    groupGrants: async ({ body: { group, add = [], remove = [] }, who }) => {
      add.forEach(checkGrant);
      return await db.transaction().execute(async (trx) => {
        const { before, after } = await changeGroup(trx, clock, group, { add, remove });
        const entry = { who: who.name, what: 'group.grants', subject: `group/${group}`, before, after };
        await appendAudit(trx, clock.now(), entry);
        return { name: group, grants: [...after] };
      });
    },
  };
}

function settingsOf(body: BodyOf<'oidcSet'>): OidcSettings {
  return {
    issuer: body.issuer,
    clientId: body.clientId,
    clientSecret: body.clientSecret ?? null,
    scope: body.scope ?? 'openid profile',
    groupsClaim: body.groupsClaim ?? 'groups',
    nameClaim: body.nameClaim ?? 'preferred_username',
    publicUrl: body.publicUrl?.replace(/\/$/, '') ?? null,
  };
}

/** That a secret was changed shows; what it is does not. */
function audited({ issuer, clientId, clientSecret, scope, groupsClaim, nameClaim, publicUrl }: OidcSettings) {
  const digest =
    clientSecret === null ? null : createHash('sha256').update(clientSecret).digest('hex').slice(0, 12);
  return { issuer, clientId, clientSecretDigest: digest, scope, groupsClaim, nameClaim, publicUrl };
}
