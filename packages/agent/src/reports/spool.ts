import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeReport, type HostId, parseReport, type Report, reportPayloadType, timeOf } from '@xylem/core';
import { type Clock, type Log, type Randomness, writeFileAtomic } from '@xylem/platform';
import { type KeyPair, parseEnvelope, signEnvelope } from '@xylem/trust';
import { ballastAt } from '../state/ballast.ts';
import { type JsonFile, jsonFile } from '../state/json-file.ts';
import type { ReportBody } from './build.ts';
import { readWatermark } from './watermark.ts';

interface SpoolState {
  readonly incarnation: string;
  /** No number above it was ever given away: some below are kept in hand, for a disk that can't be written on. */
  readonly sequence: number;
  /** The highest that the root server has, by a watermark. */
  readonly covered: number;
}

/** The newest report of this host, kept until the root server has it. */
export interface ReportSpool {
  /**
   * Numbers, signs and keeps a report. A number is never used for two; where nothing can be written, a report is kept in
   * memory alone, as long as there are numbers in hand.
   */
  put(body: ReportBody): Promise<void>;
  /** A parent has this envelope; the root server's watermark is still awaited. */
  wentUp(envelope: Uint8Array): void;
  /** The newest envelope while no watermark covers it, else null. */
  pending(): Uint8Array | null;
  /** Takes a watermark's envelope, or proofs; whether it covers the newest report. @throws as `readWatermark` */
  cover(document: object | Uint8Array, collectorKey: Uint8Array): Promise<boolean>;
}

/** What numbers were given. */
export const spoolFile = (folder: string, log: Log): JsonFile<SpoolState> =>
  jsonFile(join(folder, 'state.json'), 'xylem-spool-1', parseState, log);

const newestMaxBytes = 4 * 1024 * 1024;

/** So many numbers are taken in hand at once, and anew when half of them are left. */
const inHand = 256;

export async function openReportSpool(options: {
  readonly folder: string;
  readonly host: HostId;
  readonly key: () => KeyPair;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
}): Promise<ReportSpool> {
  const { folder, host, clock, log } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = spoolFile(folder, log);
  const newestPath = join(folder, 'newest.json');
  const ballast = ballastAt(join(folder, 'ballast'));
  let state = await file.read();
  if (state === null) {
    // A lost number must not look like an old one: another incarnation begins.
    state = { incarnation: options.randomness.bytes(8).toString('hex'), sequence: 0, covered: 0 };
    await file.write(state);
  }
  let current: SpoolState = state;
  /** The last that was given away; of what an earlier process had in hand, all counts as given. */
  let given = state.sequence;
  let { newest, supersededTotal } = await readNewest(newestPath, current);
  /** A parent took the newest in this process, or what it says is said again. */
  let isTaken = false;

  /** Numbers above `given` are free to be used once this has resolved. */
  const takeInHand = async (): Promise<void> => {
    const left = current.sequence - given;
    if (left > inHand / 2) return;
    const more = { ...current, sequence: given + inHand };
    try {
      await ballast.spend(() => file.write(more));
      current = more;
    } catch (cause) {
      if (left === 0) throw cause;
      log.error('numbers of reports can not be written down', { left, cause });
    }
  };
  const put = async (body: ReportBody): Promise<void> => {
    await takeInHand();
    given += 1;
    const total = supersededTotal + (newest === null || isTaken ? 0 : 1);
    const sequence = given;
    const { incarnation } = current;
    const report: Report = {
      format: 'xylem-report-1',
      ...body,
      incarnation,
      sequence,
      time: timeOf(clock.now()),
      ...(total === 0 ? {} : { supersededTotal: total }),
    };
    const envelope = signEnvelope(reportPayloadType, encodeReport(report), options.key());
    newest = { sequence, envelope };
    supersededTotal = total;
    isTaken = false;
    await ballast
      .spend(() => writeFileAtomic(newestPath, envelope, { mode: 0o600 }))
      .catch((cause) => log.error('report not written, it is kept in memory', { sequence, cause }));
  };
  return {
    put,
    wentUp: (envelope) => {
      if (newest?.envelope === envelope) isTaken = true;
    },
    pending: () => newest?.envelope ?? null,
    cover: async (document, collectorKey) => {
      const watermark = await readWatermark(document, host, collectorKey);
      if (watermark.incarnation !== current.incarnation) return false;
      if (watermark.sequence > current.covered) {
        // Numbers that this folder never gave were given by a copy of it, or before it was brought back from an older
        // state: to go on below them would be to report to nobody.
        const unheard = watermark.sequence > given ? newest : null;
        given = Math.max(given, watermark.sequence);
        current = {
          ...current,
          sequence: Math.max(current.sequence, watermark.sequence),
          covered: watermark.sequence,
        };
        const known = current;
        await ballast
          .spend(() => file.write(known))
          .catch((cause) => log.error('watermark not written', { cause }));
        if (unheard !== null) {
          isTaken = true;
          await put(bodyOf(unheard.envelope));
          return false;
        }
      }
      if (newest !== null && current.covered < newest.sequence) return false;
      newest = null;
      return true;
    },
  };
}

interface Newest {
  readonly sequence: number;
  readonly envelope: Uint8Array;
}

/** The last report of an earlier process while the root server may not have it, and what it counted until then. */
async function readNewest(
  path: string,
  { incarnation, covered }: SpoolState,
): Promise<{ newest: Newest | null; supersededTotal: number }> {
  const none = { newest: null, supersededTotal: 0 };
  try {
    const envelope = await readFile(path);
    if (envelope.length > newestMaxBytes) return none;
    const report = parseReport(parseEnvelope(envelope).payload);
    if (report.incarnation !== incarnation) return none;
    const { sequence, supersededTotal = 0 } = report;
    return { newest: sequence > covered ? { sequence, envelope } : null, supersededTotal };
  } catch {
    // There is none, or it is damaged: a new one is made at once.
    return none;
  }
}

/** What an own envelope says, to be said again under another number. */
function bodyOf(envelope: Uint8Array): ReportBody {
  const {
    format: _f,
    incarnation: _i,
    sequence: _s,
    time: _t,
    supersededTotal: _n,
    ...body
  } = parseReport(parseEnvelope(envelope).payload);
  return body;
}

function parseState(value: Record<string, unknown>): SpoolState {
  const { incarnation, sequence, covered } = value;
  if (typeof incarnation !== 'string' || !/^[0-9a-f]{16}$/.test(incarnation))
    throw new Error('no incarnation');
  if (!Number.isSafeInteger(sequence) || !Number.isSafeInteger(covered)) throw new Error('no sequence');
  return { incarnation, sequence: sequence as number, covered: covered as number };
}
