import { timeOf, XylemError } from '@xylem/core';
import { joinMacKey, makeToken } from '@xylem/trust';
import type { Selectable } from 'kysely';
import { appendAudit } from '../../audit/audit.ts';
import { requireServable } from '../../auth/serves.ts';
import type { Tables } from '../../db/tables.ts';
import { installScript } from '../../directing/install.ts';
import { allEnvironments, type EnvironmentRow, environmentNamed, refOf } from '../../environments/names.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';
import type { Token } from '../schemas/environments.ts';

const defaultLifetimeSeconds = 24 * 3600;

export function tokenHandlers(root: Root): Pick<Handlers, 'tokenCreate' | 'tokenList' | 'tokenDelete'> {
  const { db, clock, randomness, authority } = root;
  return {
    tokenCreate: async ({ body, who }) => {
      const environment = await environmentNamed(db, body.environment, root.config.tenant);
      const serves = body.serves ?? [];
      if (serves.length > 0 && body.serve !== true) {
        throw new XylemError(
          'E_INPUT',
          'What a host may serve is named, but it may not serve: set serve too.',
        );
      }
      requireServable(who.access, serves, root.config.tenant);
      const token = makeToken(randomness, authority.pin);
      const nowMs = clock.now();
      const row = {
        id: token.id,
        environment: environment.id,
        serve: body.serve ? 1 : 0,
        serves: JSON.stringify(serves),
        mac_key: Buffer.from(joinMacKey(token.secret)),
        uses_left: body.uses ?? 1,
        expires_ms: nowMs + (body.expiresInSeconds ?? defaultLifetimeSeconds) * 1000,
        labels: JSON.stringify(body.labels ?? {}),
        created_ms: nowMs,
        replaces: body.replaces ?? null,
      };
      await db.transaction().execute(async (trx) => {
        // Tokens that can't be used any more leave with the next one made: the table does not grow.
        await trx
          .deleteFrom('tokens')
          .where((e) => e.or([e('expires_ms', '<=', nowMs), e('uses_left', '<', 1)]))
          .execute();
        await trx.insertInto('tokens').values(row).execute();
        const after = {
          environment: environment.id,
          serve: row.serve === 1,
          serves,
          uses: row.uses_left,
          replaces: row.replaces,
        };
        await appendAudit(trx, nowMs, {
          who: who.name,
          what: 'token.create',
          subject: `token/${token.id}`,
          environment: environment.id,
          after,
        });
      });
      const install = await installScript(db, root.directing.state(environment.id));
      return { ...tokenOf(row, environment), token: token.text, url: root.nodesUrl(), install };
    },
    tokenList: async ({ who }) => {
      const ours = (await allEnvironments(db)).filter(who.access.within('operate'));
      const environments = new Map(ours.map((row) => [row.id, row]));
      const rows = await db
        .selectFrom('tokens')
        .selectAll()
        .where('uses_left', '>', 0)
        .where('expires_ms', '>', clock.now())
        .orderBy('created_ms')
        .execute();
      return {
        tokens: rows.flatMap((row) => {
          const environment = environments.get(row.environment);
          return environment === undefined ? [] : [tokenOf(row, environment)];
        }),
      };
    },
    tokenDelete: async ({ params, who }) => {
      const nowMs = clock.now();
      await db.transaction().execute(async (trx) => {
        const token = await trx
          .selectFrom('tokens as t')
          .innerJoin('environments as e', 'e.id', 't.environment')
          .select(['e.id as id', 'e.tenant as tenant', 'e.environment as environment'])
          .where('t.id', '=', params.id)
          .executeTakeFirst();
        if (token === undefined || !who.access.in('operate', token))
          throw new XylemError('E_NOT_FOUND', `There is no join token ${params.id}.`);
        await trx.deleteFrom('tokens').where('id', '=', params.id).execute();
        const subject = `token/${params.id}`;
        const entry = { who: who.name, what: 'token.delete', subject, environment: token.id };
        await appendAudit(trx, nowMs, entry);
      });
      return {};
    },
  };
}

function tokenOf(
  row: Omit<Selectable<Tables['tokens']>, 'mac_key' | 'replaces'>,
  environment: EnvironmentRow,
): Token {
  return {
    id: row.id,
    environment: refOf(environment),
    serve: row.serve === 1,
    serves: JSON.parse(row.serves) as string[],
    usesLeft: row.uses_left,
    expires: timeOf(row.expires_ms),
    labels: JSON.parse(row.labels) as Record<string, string>,
    created: timeOf(row.created_ms),
  };
}
