import { XylemError } from '@xylem/core';
import type { Move } from '@xylem/root/contract';
import { list, text } from '../../frame/define.ts';
import { readDuration } from '../../frame/duration.ts';
import { counted } from '../../frame/words.ts';

export const sideOption = {
  side: text('<side>', 'gives or takes; needed by who administers both tenants'),
};

/** @throws XylemError E_INPUT */
export function sideOf(word: string | undefined): { side?: 'gives' | 'takes' } {
  if (word === undefined) return {};
  if (word === 'gives' || word === 'takes') return { side: word };
  throw new XylemError('E_INPUT', `--side ${word} is unknown. Write gives or takes.`);
}

export const parentOption = {
  parent: list('<url>', 'by the taking side: a parent that serves its environment; may be repeated'),
};

const longestSeconds = 90 * 24 * 3600;

/** How long a request stays open. @throws XylemError E_INPUT */
export function expiresOf(word: string | undefined): { expiresInSeconds?: number } {
  if (word === undefined) return {};
  const expiresInSeconds = readDuration(word, '--expires', ['h', 'd']);
  if (expiresInSeconds <= longestSeconds) return { expiresInSeconds };
  throw new XylemError('E_INPUT', `--expires ${word} is too long: at most 90d.`);
}

const tenantOf = (name: string): string => name.split('/')[0] ?? name;

/** Who has to approve yet. */
export function waitsFor({ from, to, gives, takes }: Move): string {
  const missing = [
    ...(gives === null ? [`an administrator of ${tenantOf(from)}`] : []),
    ...(takes === null ? [`an administrator of ${tenantOf(to)}`] : []),
  ];
  return missing.join(' and ');
}

/** In one sentence or two. */
export function moveText(move: Move): string {
  const { id, state, hosts, from, to, keepData, expires, reason, note } = move;
  const what = `${id}: ${counted(hosts, 'host')} of ${from} to ${to}, ${keepData ? 'with their data' : 'data folders removed'}`;
  if (state !== 'open') return `${what}; ${state}${reason === null ? '' : `: ${reason}`}.`;
  return `${what}; open until ${expires}, waits for ${waitsFor(move)}.${note === null ? '' : `\n${note}`}`;
}
