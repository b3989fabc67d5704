import { accountOf, lacking } from './account.ts';
import { limitGroup } from './limit-group.ts';
import type { ServiceSpec } from './protocol.ts';

/**
 * Whether the built-in supervisor can run a service as its package says, on this host and by this user.
 * @throws XylemError E_DRIVER_UNSUPPORTED: what it lacks is never passed over in silence
 */
export function checkBuiltIn({ terms = {} }: ServiceSpec, token: string): void {
  if (terms.type === 'notify') {
    throw lacking(
      'say by sd_notify when it is ready (type: notify)',
      'that needs systemd as process 1 and an agent that runs as root',
    );
  }
  if (terms.hardening !== undefined && terms.hardening !== 'none') {
    throw lacking('be hardened', 'that needs systemd as process 1 and an agent that runs as root');
  }
  accountOf(terms);
  limitGroup(token, terms.limits ?? {})?.remove();
}
