import { timeOf } from '@xylem/core';
import { appendAudit } from '../../audit/audit.ts';
import { addressOf } from '../../audit/origin.ts';
import { exchangeCiToken } from '../../auth/ci/exchange.ts';
import { addCiRule, type CiRule, listCiRules, removeCiRule } from '../../auth/ci/rules.ts';
import { throttled } from '../../auth/throttled.ts';
import { createIssuerKeys } from '../../outgoing/issuer-keys.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';
import type { ciRoutes } from '../routes/ci.ts';

export function ciHandlers(root: Root): Pick<Handlers, keyof typeof ciRoutes> {
  const { db, clock } = root;
  const exchanging = { ...root, keys: createIssuerKeys(clock) };
  return {
    loginExchange: async ({ body, request }) => {
      const from = addressOf(request.socket.remoteAddress);
      const { token, name, expiresMs } = await throttled(root, { from, kind: 'ci' }, () =>
        exchangeCiToken(exchanging, body.token, from),
      );
      return { token, name, expires: timeOf(expiresMs) };
    },
    ciTrust: async ({ body, who }) =>
      await db.transaction().execute(async (trx) => {
        const rule = shown(await addCiRule(trx, root, body));
        const { id, ...after } = rule;
        const entry = { who: who.name, what: 'ci.trust', subject: `ci-rule/${id}`, after };
        await appendAudit(trx, clock.now(), entry);
        return rule;
      }),
    ciList: async () => ({ rules: (await listCiRules(db)).map(shown) }),
    ciDistrust: async ({ params: { id }, who }) => {
      await db.transaction().execute(async (trx) => {
        const before = (await listCiRules(trx)).find((rule) => rule.id === id);
        await removeCiRule(trx, id);
        const entry = { who: who.name, what: 'ci.distrust', subject: `ci-rule/${id}` };
        await appendAudit(trx, clock.now(), {
          ...entry,
          before: before === undefined ? null : shown(before),
        });
      });
      return {};
    },
  };
}

function shown({ id, issuer, audience, match, grants, createdMs }: CiRule) {
  return {
    id,
    issuer,
    audience,
    match: { ...match },
    grants: grants.map((grant) => ({ ...grant })),
    created: timeOf(createdMs),
  };
}
