import { limits } from '../limits.ts';
import { array, integer, literal, object } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from './document.ts';
import { envelopeSchema } from './envelope.ts';
import { hostId } from './fields.ts';
import { proofsSchema } from './joint-watermark.ts';
import { incarnation } from './report.ts';

const mostReports = limits.jointHosts;
const place = integer({ title: 'the place of a report in the request', maximum: mostReports - 1 });

/** docs/spec/reports.md: the body of `POST /reports` and its answer. */
const reportBatchSchema = object({
  format: literal('xylem-reports-1'),
  reports: array(envelopeSchema, { maxItems: mostReports }),
});
/** The body of `POST /watermarks`, answered as reports are. */
const lookSchema = object({
  format: literal('xylem-look-1'),
  reports: array(object({ host: hostId, incarnation, sequence: integer() }), {
    maxItems: limits.lookReports,
  }),
});
/** One signature for the reports of the request, but for those that are named here. */
const jointSchema = object({
  signed: envelopeSchema,
  leftOut: array(place, { maxItems: mostReports }),
  higher: array(object({ report: place, sequence: integer() }), { maxItems: mostReports }),
});
const takenSchema = object(
  { format: literal('xylem-taken-1'), watermarks: array(envelopeSchema, { maxItems: mostReports }) },
  { joint: jointSchema, proofs: array(proofsSchema, { maxItems: mostReports }) },
);

export type ReportBatch = Static<typeof reportBatchSchema>;
export type JointAnswer = Static<typeof jointSchema>;
export type Taken = Static<typeof takenSchema>;

const options = { maxBytes: limits.reportBatch, code: 'E_REPORT_INVALID' } as const;
const batch = documentKind(reportBatchSchema, {
  what: 'batch of reports',
  format: 'xylem-reports-1',
  ...options,
});
const look = documentKind(lookSchema, {
  what: 'look for watermarks',
  format: 'xylem-look-1',
  ...options,
  maxBytes: limits.look,
});
const taken = documentKind(takenSchema, { what: 'answer to reports', format: 'xylem-taken-1', ...options });

export const parseReportBatch = batch.parse;
export const encodeReportBatch = batch.encode;
export const parseLook = look.parse;
export const encodeLook = look.encode;
export const parseTaken = taken.parse;
export const encodeTaken = taken.encode;
