import { timeOf, XylemError } from '@xylem/core';
import { appendAudit } from '../../audit/audit.ts';
import { type ApiToken, createApiToken, deleteApiToken, listApiTokens } from '../../auth/api-tokens.ts';
import { checkGrant } from '../../auth/grants.ts';
import { originOf } from '../../auth/origin.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';

type Own = 'whoami' | 'apiTokenCreate' | 'apiTokenList' | 'apiTokenDelete';

const defaultLifetimeSeconds = 90 * 24 * 3600;

export function accessHandlers(root: Root): Pick<Handlers, Own> {
  const { db, clock } = root;
  return {
    whoami: async ({ who: { kind, name, tokenId, access, expiresMs } }) => ({
      kind,
      name,
      tokenId,
      grants: access.grants.map((grant) => ({ ...grant })),
      expires: timeOrNull(expiresMs),
    }),
    apiTokenCreate: async ({ body, who }) => {
      const { name, grants } = body;
      for (const grant of grants) {
        checkGrant(grant);
        if (who.access.administers(grant.scope)) continue;
        throw new XylemError('E_FORBIDDEN', `${who.name} does not administer ${grant.scope}.`, {
          details: { scope: grant.scope },
        });
      }
      const lifetimeMs = (body.expiresInSeconds ?? defaultLifetimeSeconds) * 1000;
      const madeBy = await originOf(db, who);
      const { id, token, createdMs, expiresMs } = await db.transaction().execute(async (trx) => {
        const created = await createApiToken(trx, root, { name, grants, lifetimeMs, madeBy });
        await appendAudit(trx, clock.now(), {
          who: who.name,
          what: 'api-token.create',
          subject: `api-token/${created.id}`,
          after: { name, grants, expires: timeOrNull(created.expiresMs), madeBy },
        });
        return created;
      });
      const times = { created_ms: createdMs, expires_ms: expiresMs, used_ms: null, made_by: madeBy };
      return { ...shown({ id, name, grants, ...times }), token };
    },
    apiTokenList: async ({ who: { access } }) => ({
      tokens: (await listApiTokens(db))
        .filter(
          ({ grants }) =>
            access.everywhere('administer') ||
            (grants.length > 0 && grants.every(({ scope }) => access.administers(scope))),
        )
        .map(shown),
    }),
    apiTokenDelete: async ({ params, who }) => {
      await db.transaction().execute(async (trx) => {
        await deleteApiToken(trx, params.id, who.access);
        const subject = `api-token/${params.id}`;
        await appendAudit(trx, clock.now(), { who: who.name, what: 'api-token.delete', subject });
      });
      return {};
    },
  };
}

function shown({ id, name, grants, created_ms, expires_ms, used_ms }: ApiToken) {
  return {
    id,
    name,
    grants: grants.map((grant) => ({ ...grant })),
    created: timeOf(created_ms),
    expires: timeOrNull(expires_ms),
    used: timeOrNull(used_ms),
  };
}

const timeOrNull = (ms: number | null) => (ms === null ? null : timeOf(ms));
