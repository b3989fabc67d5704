import { type Static, Type } from 'typebox';
import { DigestText, Strict, Time } from './common.ts';

/** `digest` is of a release or a package of the product; each envelope is DSSE with an in-toto statement about it. */
export const EvidenceAdd = Strict({
  digest: DigestText,
  envelopes: Type.Array(Type.String({ maxLength: 1_500_000 }), { minItems: 1, maxItems: 20 }),
});
export const EvidenceAdded = Strict({ added: Type.Integer({ minimum: 0 }) });

const Said = Type.Union([Type.String(), Type.Null()]);
export const EvidenceEntry = Strict({
  about: Type.String({ description: 'the release or package, by name and version' }),
  digest: DigestText,
  predicateType: Type.String(),
  builder: Said,
  source: Said,
  result: Said,
  keyids: Type.Array(Type.String()),
  addedBy: Type.String(),
  added: Time,
  envelope: Type.String({ description: 'as it was attached' }),
});
export type EvidenceEntry = Static<typeof EvidenceEntry>;
export const Evidence = Strict({ evidence: Type.Array(EvidenceEntry) });
