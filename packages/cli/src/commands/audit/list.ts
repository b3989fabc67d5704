import { count, defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { filterOptions, readFilter } from './shared.ts';

export const command = defineCommand({
  about: 'Newest first. What was before and after is in --json.',
  options: { ...filterOptions, limit: count('<number>', 'so many entries (default: 50)', 1, 9999) },
  example: 'xylem audit list --what host --env acme/production --since 2026-11-20',
  async run({ options, api }) {
    const query = { ...readFilter(options), order: 'newest' as const, limit: String(options.limit ?? 50) };
    const { entries } = await (await api()).call('auditList', { query });
    return {
      data: { entries: entries.map(({ entry, hash }) => ({ ...entry, hash })) },
      text: () =>
        tabulate(
          ['NUMBER', 'TIME', 'WHO', 'FROM', 'WHAT', 'ON'],
          entries.map(({ entry }) => [
            Number(entry.sequence),
            timeText(entry),
            textOf(entry.who),
            textOf(entry.from ?? '-'),
            textOf(entry.what),
            textOf(entry.on),
          ]),
          'No such entry.',
        ),
    };
  },
});

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '-');

/** Entries of the first version count milliseconds. */
function timeText({ time, timeMs }: Readonly<Record<string, unknown>>): string {
  return typeof timeMs === 'number' ? `${new Date(timeMs).toISOString().slice(0, 19)}Z` : textOf(time);
}
