import { XylemError } from '@xylem/core';
import { splitName } from '../environments/names.ts';
import type { Access } from './access.ts';

/**
 * Who lets a relay serve environments lets it read them: that needs `operate` in all that the patterns could ever fit.
 * @throws XylemError E_FORBIDDEN, whether or not there is such an environment
 */
export function requireServable(access: Access, patterns: readonly string[], tenant: string): void {
  for (const pattern of patterns) {
    const name = splitName(pattern, tenant);
    const isOpen = (text: string): boolean => /[*?]/.test(text);
    const may =
      pattern === '*' || isOpen(name.tenant)
        ? access.everywhere('operate')
        : isOpen(name.environment)
          ? access.inTenant('operate', name.tenant)
          : access.in('operate', name);
    if (may) continue;
    throw new XylemError('E_FORBIDDEN', `Serving ${pattern} needs the permission to operate all of it.`, {
      details: { permission: 'operate', pattern },
    });
  }
}
