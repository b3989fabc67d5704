import { limits } from '../limits.ts';
import { array, integer, literal, object, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from './document.ts';
import { envelopeSchema } from './envelope.ts';
import { digest, hostId, time } from './fields.ts';
import { incarnation } from './report.ts';

/** docs/spec/reports.md: the root server has everything that the leaves of this tree say. */
const jointWatermarkSchema = object({
  format: literal('xylem-joint-watermark-1'),
  count: integer({ minimum: 1, maximum: limits.jointHosts }),
  digest,
  time,
});

/** Steps from a leaf to the digest: twice as many leaves need one more. */
const mostSteps = Math.ceil(Math.log2(limits.jointHosts));

const proofSchema = object({
  host: hostId,
  incarnation,
  sequence: integer(),
  index: integer({ maximum: limits.jointHosts - 1 }),
  path: string({
    title: 'a path of at most 17 hashes as base64url without padding',
    pattern: '^[A-Za-z0-9_-]*$',
    maxLength: Math.ceil((mostSteps * 32 * 4) / 3),
  }),
});

/** Proofs and the envelope of the joint watermark that they lead to. */
export const proofsSchema = object({
  format: literal('xylem-proofs-1'),
  signed: envelopeSchema,
  proofs: array(proofSchema, { maxItems: limits.jointHosts }),
});

export type JointWatermark = Static<typeof jointWatermarkSchema>;
export type Proof = Static<typeof proofSchema>;
export type Proofs = Static<typeof proofsSchema>;

/** The `payloadType` of a joint watermark's envelope. */
export const jointWatermarkPayloadType = 'application/vnd.xylem.joint-watermark+json';

/** The header of a request for watermarks from who can read proofs, and so can all below through whom it comes. */
export const proofsHeader = 'xylem-proofs';

const joint = documentKind(jointWatermarkSchema, {
  what: 'joint watermark',
  format: 'xylem-joint-watermark-1',
  maxBytes: limits.watermark,
  code: 'E_REPORT_INVALID',
});
export const parseJointWatermark = joint.parse;
export const encodeJointWatermark = joint.encode;

const proofs = documentKind(proofsSchema, {
  what: 'document of proofs',
  format: 'xylem-proofs-1',
  maxBytes: limits.reportBatch,
  code: 'E_REPORT_INVALID',
});
export const parseProofs = proofs.parse;
export const encodeProofs = proofs.encode;
