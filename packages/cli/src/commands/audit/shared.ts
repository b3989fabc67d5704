import { XylemError } from '@xylem/core';
import type { QueryOf, ResponseOf } from '@xylem/root/contract';
import type { Api } from '../../api/client.ts';
import { text } from '../../frame/define.ts';
import { environmentName } from '../../frame/words.ts';

export type AuditPage = ResponseOf<'auditList'>;
export type AuditFilter = Pick<
  NonNullable<QueryOf<'auditList'>>,
  'who' | 'what' | 'on' | 'environment' | 'since' | 'until'
>;

const pageEntries = 1000;

export const filterOptions = {
  who: text('<text>', 'entries by whoever has this in the name'),
  what: text('<operation>', 'one operation, host.label, or all of a noun: host'),
  env: text('<environment>', 'entries of one environment'),
  since: text('<time>', 'from this time on: 2026-11-21, or 2026-11-21T03:28:06Z'),
  until: text('<time>', 'before this time'),
};

type Given = { readonly [K in keyof typeof filterOptions]: string | undefined };

/** @throws XylemError E_INPUT */
export function readFilter({ who, what, env, since, until }: Given): AuditFilter {
  return {
    ...(who === undefined ? {} : { who }),
    ...(what === undefined ? {} : { what }),
    ...(env === undefined ? {} : { environment: environmentName(env) }),
    ...(since === undefined ? {} : { since: moment(since) }),
    ...(until === undefined ? {} : { until: moment(until) }),
  };
}

function moment(word: string): string {
  const time = /^\d{4}-\d\d-\d\d$/.test(word) ? `${word}T00:00:00Z` : word;
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(time) && !Number.isNaN(Date.parse(time))) return time;
  throw new XylemError('E_INPUT', `"${word}" is no time. Write 2026-11-21 or 2026-11-21T03:28:06Z (UTC).`);
}

/**
 * Entries in their order up to a sequence (absent: as long as there are any), page by page.
 * @throws XylemError E_AUDIT_BROKEN where the root server goes in a circle
 */
export async function* auditPages(api: Api, filter: AuditFilter, upTo?: number): AsyncGenerator<AuditPage> {
  for (let after = 0; upTo === undefined || after < upTo; ) {
    const query = { ...filter, after: String(after), limit: String(pageEntries) };
    const page = await api.call('auditList', { query });
    const last = page.entries.at(-1);
    if (last === undefined) return;
    const next = sequenceOf(last);
    // Else it would be asked for the same page for ever.
    if (!(next > after)) throw new XylemError('E_AUDIT_BROKEN', `Behind entry ${after} comes entry ${next}.`);
    yield upTo === undefined ? page : upToSequence(page, upTo);
    after = next;
  }
}

const sequenceOf = ({ entry }: AuditPage['entries'][number]): number => Number(entry.sequence);

function upToSequence({ entries, checkpoints }: AuditPage, upTo: number): AuditPage {
  return {
    entries: entries.filter((one) => sequenceOf(one) <= upTo),
    checkpoints: checkpoints.filter(({ sequence }) => sequence <= upTo),
  };
}

/** Entries and checkpoints in one line, each checkpoint behind its entry. */
export function* inOrder({
  entries,
  checkpoints,
}: AuditPage): Generator<
  { readonly entry: object; readonly hash: string } | { readonly checkpoint: object }
> {
  const waiting = [...checkpoints];
  for (const one of entries) {
    while (waiting[0] !== undefined && waiting[0].sequence < sequenceOf(one))
      yield { checkpoint: waiting.shift()?.envelope ?? {} };
    yield one;
  }
  for (const { envelope } of waiting) yield { checkpoint: envelope };
}
