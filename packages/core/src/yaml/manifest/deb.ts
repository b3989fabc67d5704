import { array, closedObject, oneOf } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import type { PackageDocument } from '../../wire/package/document.ts';
import { packageName } from '../../wire/package/system-packages.ts';

export const debYaml = closedObject(
  {},
  {
    install: array(packageName, { minItems: 1, maxItems: 2000 }),
    restart: oneOf('services', 'reboot', 'none'),
  },
);

export function debFrom({ restart }: Static<typeof debYaml>): NonNullable<PackageDocument['deb']> {
  return restart === undefined ? {} : { restart };
}

/** Of a folder whose packages were not read yet: what its rules are judged by. */
export const anyPackage = [
  { file: 'any.deb', package: 'any', version: '1', architecture: 'all' },
] as const satisfies PackageDocument['variants'][number]['packages'];
