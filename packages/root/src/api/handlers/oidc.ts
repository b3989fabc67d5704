import { createHash } from 'node:crypto';
import { timeOf } from '@xylem/core';
import { appendAudit } from '../../audit/audit.ts';
import { addressOf } from '../../audit/origin.ts';
import { checkGrant } from '../../auth/grants.ts';
import { beginDevice, pollDevice } from '../../auth/oidc/device.ts';
import { changeGroup, listGroups } from '../../auth/oidc/groups.ts';
import { openIssuer } from '../../auth/oidc/issuer.ts';
import { publicUrlOf, redirectUriOf, requireReachable } from '../../auth/oidc/redirect.ts';
import {
  accountOf,
  checkOidc,
  type OidcSettings,
  readOidc,
  removeOidc,
  writeOidc,
} from '../../auth/oidc/settings.ts';
import { letIn, shutOut } from '../../auth/oidc/shut-out.ts';
import { shownSubject } from '../../auth/sessions.ts';
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
      requireReachable(root, settings);
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
    oidcPersonDisable: async ({ body: { account, disabled }, who }) => {
      const nowMs = clock.now();
      const done = await db.transaction().execute(async (trx) => {
        const { name, sessionsEnded } = disabled
          ? await shutOut(trx, account, { by: who.subject, nowMs })
          : { ...(await letIn(trx, account)), sessionsEnded: 0 };
        await appendAudit(trx, nowMs, {
          who: who.name,
          what: disabled ? 'person.disable' : 'person.enable',
          subject: shownSubject(account, name),
          after: { disabled, sessionsEnded },
        });
        return { name, sessionsEnded };
      });
      const settings = await readOidc(db);
      const ofPresentIssuer = settings !== null && account.startsWith(accountOf(settings, ''));
      return { account, disabled, ...done, ofPresentIssuer };
    },
    deviceBegin: async ({ body: { device = 'a command line' }, request }) => {
      const from = addressOf(request.socket.remoteAddress);
      const { intervalMs, untilMs, ...begun } = await beginDevice(root, { device, from });
      return { ...begun, intervalSeconds: Math.ceil(intervalMs / 1000), expires: timeOf(untilMs) };
    },
    devicePoll: async ({ body: { handle }, request }) => {
      const from = addressOf(request.socket.remoteAddress);
      const polled = await pollDevice(root, { handle, from });
      if (polled.state === 'pending')
        return { intervalSeconds: Math.ceil(polled.intervalMs / 1000), session: null };
      const { token, name, expiresMs } = polled;
      return { intervalSeconds: null, session: { token, name, expires: timeOf(expiresMs) } };
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
