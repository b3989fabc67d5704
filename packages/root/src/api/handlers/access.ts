import { timeOf } from '@xylem/core';
import { appendAudit } from '../../audit/audit.ts';
import { createApiToken, deleteApiToken, listApiTokens } from '../../auth/api-tokens.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';
import type { Role } from '../schemas/common.ts';

type Own = 'whoami' | 'apiTokenCreate' | 'apiTokenList' | 'apiTokenDelete';

export function accessHandlers(root: Root): Pick<Handlers, Own> {
  const { db, clock } = root;
  return {
    whoami: async ({ who }) => ({ name: who.name, role: who.role, tokenId: who.tokenId }),
    apiTokenCreate: async ({ body, who }) => {
      const { id, token, createdMs } = await createApiToken(db, root, body);
      const subject = `api-token/${id}`;
      await appendAudit(db, clock.now(), {
        who: who.name,
        what: 'api-token.create',
        subject,
        after: { ...body },
      });
      return { id, name: body.name, role: body.role, created: timeOf(createdMs), token };
    },
    apiTokenList: async () => ({
      tokens: (await listApiTokens(db)).map(({ id, name, role, created_ms }) => ({
        id,
        name,
        role: role as Role,
        created: timeOf(created_ms),
      })),
    }),
    apiTokenDelete: async ({ params, who }) => {
      await deleteApiToken(db, params.id);
      const subject = `api-token/${params.id}`;
      await appendAudit(db, clock.now(), { who: who.name, what: 'api-token.delete', subject });
      return {};
    },
  };
}
