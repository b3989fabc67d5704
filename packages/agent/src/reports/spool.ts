import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  encodeReport,
  type HostId,
  parseReport,
  parseWatermark,
  type Report,
  reportPayloadType,
  timeOf,
  watermarkPayloadType,
  XylemError,
} from '@xylem/core';
import { type Clock, type Log, type Randomness, writeFileAtomic } from '@xylem/platform';
import { type KeyPair, openEnvelope, parseEnvelope, signEnvelope } from '@xylem/trust';
import { ballastAt } from '../state/ballast.ts';
import { type JsonFile, jsonFile } from '../state/json-file.ts';
import type { ReportBody } from './build.ts';

interface SpoolState {
  readonly incarnation: string;
  /** The highest number that was ever given away. */
  readonly sequence: number;
  /** The highest that the root server has, by a watermark. */
  readonly covered: number;
}

/** The newest report of this host, kept until the root server has it. */
export interface ReportSpool {
  /** Numbers, signs and keeps a report, durable before it resolves: a number is never used for two. */
  put(body: ReportBody): Promise<void>;
  /** The newest envelope while no watermark covers it, else null. */
  pending(): Uint8Array | null;
  /** Takes a watermark's envelope; whether it covers the newest report. @throws XylemError E_ENVELOPE_INVALID and the like */
  cover(envelope: object | Uint8Array, collectorKey: Uint8Array): Promise<boolean>;
}

/** What numbers were given. */
export const spoolFile = (folder: string, log: Log): JsonFile<SpoolState> =>
  jsonFile(join(folder, 'state.json'), 'xylem-spool-1', parseState, log);

const newestMaxBytes = 4 * 1024 * 1024;

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
  let newest: Uint8Array | null = await readFile(newestPath).catch(() => null);
  if (newest !== null && (newest.length > newestMaxBytes || current.covered >= current.sequence))
    newest = null;

  const put = async (body: ReportBody): Promise<void> => {
    const sequence = current.sequence + 1;
    await file.write({ ...current, sequence });
    current = { ...current, sequence };
    const { incarnation } = current;
    const report: Report = {
      format: 'xylem-report-1',
      ...body,
      incarnation,
      sequence,
      time: timeOf(clock.now()),
    };
    const envelope = signEnvelope(reportPayloadType, encodeReport(report), options.key());
    await writeFileAtomic(newestPath, envelope, { mode: 0o600 });
    newest = envelope;
  };
  return {
    put: (body) => ballast.spend(() => put(body)),
    pending: () => newest,
    cover: async (envelope, collectorKey) => {
      const { payload } = await openEnvelope(envelope, watermarkPayloadType, () => collectorKey);
      const watermark = parseWatermark(payload);
      if (watermark.host !== host) {
        throw new XylemError('E_REPORT_INVALID', 'The watermark is that of another host.');
      }
      if (watermark.incarnation !== current.incarnation) return false;
      if (watermark.sequence > current.covered) {
        // Numbers that this folder never gave were given by a copy of it, or before it was brought back from an older
        // state: to go on below them would be to report to nobody.
        const unheard = watermark.sequence > current.sequence ? newest : null;
        const sequence = Math.max(current.sequence, watermark.sequence);
        current = { ...current, sequence, covered: watermark.sequence };
        await file.write(current);
        if (unheard !== null) {
          await ballast.spend(() => put(bodyOf(unheard)));
          return false;
        }
      }
      if (current.covered < current.sequence) return false;
      newest = null;
      return true;
    },
  };
}

/** What an own envelope says, to be said again under another number. */
function bodyOf(envelope: Uint8Array): ReportBody {
  const {
    format: _f,
    incarnation: _i,
    sequence: _s,
    time: _t,
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
