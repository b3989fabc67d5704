import { boolean, closedObject, oneOf } from '../schema/build.ts';
import { checkYaml } from './check.ts';

/** docs/spec/local.md, Local policy: what root says on a host about what publishers and directors may do there. */
const localPolicySchema = closedObject(
  {},
  {
    packages: closedObject({}, { sources: oneOf('none', 'host'), reboot: boolean('true or false') }),
  },
);

/** With all that was left out. */
export interface LocalPolicy {
  readonly packages: {
    /** Whether dependencies of system packages may come from the sources that this host is set up with. */
    readonly hostSources: boolean;
    /** Whether a package may ask for this host to be started anew. */
    readonly reboot: boolean;
  };
}

/** Reads the policy of a host; an empty text says what an absent file says. Throws E_INPUT naming file, line and key. */
export function parseLocalPolicy(text: string, file: string): LocalPolicy {
  const { packages = {} } = checkYaml(text, localPolicySchema, file).value;
  return {
    packages: { hostSources: packages.sources === 'host', reboot: packages.reboot ?? true },
  };
}
