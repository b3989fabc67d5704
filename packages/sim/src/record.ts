import { type Advance, differenceOf, jcs, XylemError } from '@xylem/core';
import type { News } from './news.ts';
import type { Scenario } from './scenario.ts';
import { Server } from './server.ts';

const format = 'xylem-simulation-2';

/** The first line of a record, then one for each look. */
interface Head {
  readonly format: typeof format;
  readonly scenario: Scenario;
}

interface Look extends News, Pick<Advance, 'decisions' | 'verdict' | 'reason'> {
  readonly at: number;
  /** Whether before it a rollback began. */
  readonly begins: boolean;
  /** Whether the root server crashed before it was written down. */
  readonly lost: boolean;
}

export const headLine = (scenario: Scenario): string => jcs({ format, scenario } satisfies Head);

export function lookLine({
  at,
  said,
  labelled,
  gone,
  begins,
  lost,
  decisions,
  verdict,
  reason,
}: Look): string {
  return JSON.stringify({ at, said, labelled, gone, begins, lost, decisions, verdict, reason });
}

export interface Replay {
  readonly looks: number;
  /** The first look (from 1) at which something else is decided now, and what; null: none. */
  readonly differs: { readonly look: number; readonly how: string } | null;
}

/**
 * Decides again on what was recorded, until something else is decided; sentences may be worded otherwise.
 * @throws XylemError E_INPUT for what is no record of this format
 */
export async function replay(lines: Iterable<string> | AsyncIterable<string>): Promise<Replay> {
  let looks = 0;
  let known: { readonly server: Server } | null = null;
  for await (const line of lines) {
    if (known === null) {
      known = { server: Server.begun(headOf(line).scenario) };
      continue;
    }
    const { server } = known;
    const look = JSON.parse(line) as Look;
    looks += 1;
    if (look.begins) server.beginRollback();
    server.take(look, look.at);
    const how = differenceOf(look, server.look(look.at));
    if (how !== null) return { looks, differs: { look: looks, how } };
    if (!look.lost) server.commit(look, look.at);
  }
  if (known === null) throw notOne();
  return { looks, differs: null };
}

function headOf(line: string): Head {
  let head: unknown;
  try {
    head = JSON.parse(line);
  } catch (cause) {
    throw notOne(cause);
  }
  if (typeof head !== 'object' || head === null || !('format' in head) || head.format !== format)
    throw notOne();
  return head as Head;
}

const notOne = (cause?: unknown): XylemError =>
  new XylemError('E_INPUT', `This is no record of a simulation that this version can read (${format}).`, {
    cause,
  });
