import { limits } from '../limits.ts';
import { either, literal, object, oneOf, record } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from './document.ts';
import { b64u, environmentId, name, repositoryId } from './fields.ts';

/** docs/spec/identity.md, Trust map. */
export const trustMapSchema = object({
  format: literal('xylem-trust-map-1'),
  environment: environmentId,
  repositories: record(repositoryId, object({ kind: oneOf('release', 'direction'), root: b64u })),
  products: record(either(name, literal('*')), repositoryId),
});

export type TrustMap = Static<typeof trustMapSchema>;

const kind = documentKind(trustMapSchema, {
  what: 'trust map',
  format: 'xylem-trust-map-1',
  maxBytes: limits.trustMap,
  check: ({ environment, repositories, products }) => {
    if (repositories[environment]?.kind !== 'direction') {
      return `repositories: expected the direction repository ${environment} of the environment`;
    }
    for (const [product, repository] of Object.entries(products)) {
      if (repositories[repository]?.kind !== 'release')
        return `products["${product}"]: expected a release repository`;
    }
    return undefined;
  },
});
export const parseTrustMap = kind.parse;
export const encodeTrustMap = kind.encode;
