import { array, closedObject, oneOf, string } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import type { PackageDocument } from '../../wire/package/document.ts';
import { systemRules } from '../../wire/package/system-packages.ts';

const yamlOf = (kind: keyof typeof systemRules) => {
  const [title, { source }] = systemRules[kind].patterns.package;
  const packageName = string({ title, pattern: source, maxLength: 128 });
  return closedObject(
    {},
    {
      install: array(packageName, { minItems: 1, maxItems: 2000 }),
      restart: oneOf('services', 'reboot', 'none'),
    },
  );
};
export const debYaml = yamlOf('deb');
export const rpmYaml = yamlOf('rpm');

export function systemPackagesFrom({ restart }: Static<typeof debYaml>): NonNullable<PackageDocument['deb']> {
  return restart === undefined ? {} : { restart };
}

/** Of a folder whose packages were not read yet: what its rules are judged by. */
export const anyPackages = {
  deb: [{ file: 'any.deb', package: 'any', version: '1', architecture: 'all' }],
  rpm: [{ file: 'any.rpm', package: 'any', version: '1-1', architecture: 'noarch' }],
} as const satisfies Record<keyof typeof systemRules, PackageDocument['variants'][number]['packages']>;
