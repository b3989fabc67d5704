import { array, boolean, closedObject, oneOf, string } from '../schema/build.ts';
import { checkYaml } from './check.ts';

const pathPattern = string({
  title: 'an absolute path pattern like "/etc/nginx/**"',
  pattern: '^/[^\\p{Cc}]*$',
  maxLength: 4096,
});

const reach = string({
  title: '"here", "public", an address or a network like "10.2.0.0/16"',
  pattern: '^(here|public|[0-9a-fA-F.:]+(/\\d{1,3})?)$',
  maxLength: 64,
});

/** docs/spec/local.md, Local policy: what root says on a host about what publishers and directors may do there. */
const localPolicySchema = closedObject(
  {},
  {
    files: closedObject({}, { allow: array(pathPattern, { maxItems: 1000 }) }),
    packages: closedObject({}, { sources: oneOf('none', 'host'), reboot: boolean('true or false') }),
    probes: closedObject({}, { allow: array(reach, { maxItems: 100 }) }),
  },
);

/** With all that was left out. */
export interface LocalPolicy {
  readonly files: {
    /** Where packages may place files, as patterns; null: wherever this program does not refuse it. */
    readonly allow: readonly string[] | null;
  };
  readonly packages: {
    /** Whether dependencies of system packages may come from the sources that this host is set up with. */
    readonly hostSources: boolean;
    /** Whether a package may ask for this host to be started anew. */
    readonly reboot: boolean;
  };
  /** What may be asked by `verify` of an environment: `here`, `public`, addresses and networks. */
  readonly probes: { readonly allow: readonly string[] };
}

/** Reads the policy of a host; an empty text says what an absent file says. Throws E_INPUT naming file, line and key. */
export function parseLocalPolicy(text: string, file: string): LocalPolicy {
  const { files = {}, packages = {}, probes = {} } = checkYaml(text, localPolicySchema, file).value;
  return {
    files: { allow: files.allow ?? null },
    packages: { hostSources: packages.sources === 'host', reboot: packages.reboot ?? true },
    probes: { allow: probes.allow ?? ['here', 'public'] },
  };
}
