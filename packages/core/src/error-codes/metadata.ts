import { code, type ErrorCodes } from './entry.ts';

/** Signed metadata, the documents that it leads to, and whom a host trusts for them. */
export const metadataCodes = {
  E_CLOCK: code(
    'The clock of this machine contradicts signed times.',
    'Set the clock (NTP), then try again; nothing was changed.',
    'later',
    'machine',
  ),
  E_DOCUMENT_INVALID: code(
    'A document does not follow its format.',
    'Fetch it from another parent; if all give the same, ask who made it to write it again with a current version.',
    'elsewhere',
    'integrity',
  ),
  E_ENVELOPE_INVALID: code(
    'A signed envelope is malformed or its signature does not verify.',
    'Send it again; if it comes back, see which node signs with an unknown key.',
    'elsewhere',
    'integrity',
  ),
  E_FORMAT_UNSUPPORTED: code(
    'A document has a format or major version that this program does not know.',
    'Update this program; formats of two minor versions back are always read.',
    'never',
    'integrity',
  ),
  E_METADATA_EXPIRED: code(
    'Signed metadata has expired. What runs is kept, nothing new is taken.',
    "See that the root server runs and that this node's parents renew their copy; check the clock.",
    'later',
    'integrity',
  ),
  E_METADATA_INVALID: code(
    'Signed metadata does not follow the format or does not fit what names it.',
    "Fetched again from another parent by itself; if all give the same, see the root server's log.",
    'elsewhere',
    'integrity',
  ),
  E_METADATA_MISSING: code(
    'Signed metadata that must exist is not there.',
    "Fetched again from another parent by itself; if it stays, see whether that parent's copy is whole.",
    'elsewhere',
    'integrity',
  ),
  E_METADATA_ROLLBACK: code(
    'Signed metadata is older than what this node has already accepted.',
    'Another parent is tried by itself; if all agree, restore the root server from a newer backup.',
    'elsewhere',
    'integrity',
  ),
  E_METADATA_SIGNATURE: code(
    'Signed metadata lacks enough valid signatures.',
    'Another parent is tried by itself; if all agree, the key was changed without a new root: see `docs/spec/metadata.md`.',
    'elsewhere',
    'integrity',
  ),
  E_NOT_VOUCHED: code(
    "The director asks for a package that the product's publisher has not vouched for. It is not installed.",
    'See that the release was published under this product; otherwise suspect the root server.',
    'later',
    'integrity',
  ),
  E_REPORT_INVALID: code(
    'A report or watermark does not follow the format.',
    'Update the node that sent it.',
    'never',
    'integrity',
  ),
  E_TRUST: code(
    'The trust map of this host does not allow this repository for this product, or its root is not the pinned one.',
    'See `xylem host why`; a host learns other trust roots only by joining again.',
    'later',
    'integrity',
  ),
} satisfies ErrorCodes;
