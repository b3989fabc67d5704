import { limits } from '../limits.ts';
import { cycleIn } from '../order.ts';
import { array, literal, object, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from './document.ts';
import { digest, domainId, name, time, version } from './fields.ts';

/** docs/spec/metadata.md, Release document. */
export const releaseSchema = object({
  format: literal('xylem-release-1'),
  product: name,
  version,
  domain: domainId,
  issued: time,
  notes: string({ maxLength: 1024 * 1024 }),
  packages: array(object({ component: name, version, package: digest, after: array(name) }), {
    maxItems: 10_000,
  }),
});

export type Release = Static<typeof releaseSchema>;
export type ReleasePackage = Release['packages'][number];

const kind = documentKind(releaseSchema, {
  what: 'release document',
  format: 'xylem-release-1',
  maxBytes: limits.release,
  code: 'E_RELEASE_INVALID',
  check: ({ packages }) => {
    for (const [index, { component }] of packages.entries()) {
      const before = packages[index - 1];
      if (before !== undefined && before.component >= component) {
        return `packages[${index}]: expected the components sorted and each once`;
      }
    }
    const cycle = cycleIn(packages);
    return cycle === undefined ? undefined : `"after" goes in a circle: ${cycle.join(' → ')}`;
  },
});
export const parseRelease = kind.parse;
export const encodeRelease = kind.encode;
