import { fromB64u, sha256Bytes, toB64u } from '../hashing.ts';
import type { Digest, HostId } from '../ids.ts';
import type { JointWatermark, Proof } from '../wire/joint-watermark.ts';
import type { JointAnswer } from '../wire/report-batch.ts';
import { digestAbove, hashTree } from './hash-tree.ts';

/** A report's place in its host's history; of a watermark: up to there the root server has all. */
export interface ReportNumber {
  readonly host: HostId;
  readonly incarnation: string;
  readonly sequence: number;
}

const leafTag = Buffer.from('xylem-watermark-leaf-1\0');

function leafOf({ host, incarnation, sequence }: ReportNumber): Uint8Array {
  const bytes = Buffer.alloc(leafTag.length + 32);
  let at = leafTag.copy(bytes);
  at += bytes.write(host, at, 16, 'hex');
  at += bytes.write(incarnation, at, 8, 'hex');
  bytes.writeBigUInt64BE(BigInt(sequence), at);
  return sha256Bytes(bytes);
}

/** The tree over these, at least one: what is signed of it, and the proof of each. */
export function jointOver(numbers: readonly ReportNumber[]): {
  readonly signed: Pick<JointWatermark, 'count' | 'digest'>;
  proof(index: number): Proof;
} {
  const tree = hashTree(numbers.map(leafOf));
  const digest = hexOf(tree.digest) as Digest;
  return {
    signed: { count: numbers.length, digest },
    proof: (index) => {
      const { host, incarnation, sequence } = numbers[index] as ReportNumber;
      return { host, incarnation, sequence, index, path: toB64u(tree.pathOf(index)) };
    },
  };
}

/** Whether this proof leads from its leaf to what was signed. */
export function isProven(signed: Pick<JointWatermark, 'count' | 'digest'>, proof: Proof): boolean {
  const { index, path } = proof;
  const digest = digestAbove(leafOf(proof), { index, count: signed.count, path: fromB64u(path) });
  return digest !== null && hexOf(digest) === signed.digest;
}

/** A report that was taken; `held` is the highest sequence of its incarnation that the root server has. */
export interface TakenReport extends ReportNumber {
  readonly held: number;
}

/**
 * What the root server says beside its signature.
 * @param reports in the order of the request; null: it was not taken
 */
export function exceptionsOf(
  reports: readonly (TakenReport | null)[],
): Pick<JointAnswer, 'leftOut' | 'higher'> {
  return {
    leftOut: reports.flatMap((report, at) => (report === null ? [at] : [])),
    higher: reports.flatMap((report, at) =>
      report === null || report.held === report.sequence ? [] : [{ report: at, sequence: report.held }],
    ),
  };
}

/** What is held of the reports that were taken. */
export function heldOf(reports: readonly (TakenReport | null)[]): ReportNumber[] {
  return reports.flatMap((report) =>
    report === null ? [] : [{ host: report.host, incarnation: report.incarnation, sequence: report.held }],
  );
}

/** `heldOf` as who sent the reports finds it from the answer. */
export function numbersOf(
  sent: readonly ReportNumber[],
  { leftOut, higher }: Pick<JointAnswer, 'leftOut' | 'higher'>,
): ReportNumber[] {
  const without = new Set(leftOut);
  const sequences = new Map(higher.map(({ report, sequence }) => [report, sequence]));
  return sent.flatMap(({ host, incarnation, sequence }, at) =>
    without.has(at) ? [] : [{ host, incarnation, sequence: sequences.get(at) ?? sequence }],
  );
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
