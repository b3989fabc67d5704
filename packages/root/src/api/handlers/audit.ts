import { toB64u } from '@xylem/core';
import { readAudit, readCheckpoints } from '../../audit/rows.ts';
import { environmentsMatching } from '../../environments/names.ts';
import type { Root } from '../../root.ts';
import type { QueryOf } from '../contract.ts';
import type { Handlers } from '../handlers.ts';

const defaultLimit = 100;

export function auditHandlers(root: Root): Pick<Handlers, 'auditList' | 'auditCheckpoint'> {
  const { db } = root;
  return {
    auditList: async ({ query, who: { access } }) => {
      // What belongs to no environment is for whoever administers everything.
      const isAll = query.environment === undefined && access.everywhere('administer');
      const patterns = query.environment === undefined ? undefined : [query.environment];
      const within = access.within('administer');
      const environments = isAll
        ? undefined
        : (await environmentsMatching(db, patterns, root.config.tenant, within)).map(({ id }) => id);
      const after = Number(query.after ?? 0);
      const rows = await readAudit(db, {
        after,
        limit: Number(query.limit ?? defaultLimit),
        newestFirst: query.order === 'newest',
        ...(environments === undefined ? {} : { environments }),
        ...filterOf(query),
      });
      const isWhole = environments === undefined && Object.keys(filterOf(query)).length === 0;
      const last = rows.at(-1)?.entry.sequence;
      return {
        entries: rows.map(({ entry, hash }) => ({ entry: { ...entry }, hash })),
        checkpoints:
          isWhole && last !== undefined && query.order !== 'newest'
            ? (await readCheckpoints(db, after, last)).map((c) => ({ ...c, envelope: { ...c.envelope } }))
            : [],
      };
    },
    auditCheckpoint: async () => {
      const { checkpoint, envelope } = await root.audit.checkpoint();
      const { sequence, hash, time } = checkpoint;
      return { sequence, hash, time, envelope: { ...envelope }, key: toB64u(root.audit.key) };
    },
  };
}

function filterOf({ who, what, on, since, until }: QueryOf<'auditList'>) {
  return {
    ...(who === undefined ? {} : { who }),
    ...(what === undefined ? {} : { what }),
    ...(on === undefined ? {} : { on }),
    ...(since === undefined ? {} : { sinceMs: Date.parse(since) }),
    ...(until === undefined ? {} : { untilMs: Date.parse(until) }),
  };
}
