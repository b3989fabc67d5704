import { limits } from '../limits.ts';
import { array, object } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from './document.ts';
import { digest, version } from './fields.ts';
import { transitionsFault, transitionsSchema } from './transitions.ts';

/** What a product's role holds as `xylem` beside `targets` (docs/spec/metadata.md). */
export const roleExtensionSchema = object(
  {},
  { floor: version, withdrawn: array(digest), transitions: transitionsSchema },
);

export type RoleExtension = Static<typeof roleExtensionSchema>;

const kind = documentKind(roleExtensionSchema, {
  what: 'product role\'s "xylem"',
  maxBytes: limits.metadata,
  code: 'E_METADATA_INVALID',
  check: ({ transitions }) => (transitions === undefined ? undefined : transitionsFault(transitions)),
});
export const parseRoleExtension = kind.parse;
