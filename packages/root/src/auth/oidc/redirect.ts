import { XylemError } from '@xylem/core';
import type { OidcSettings } from './settings.ts';

interface Reached {
  readonly nodesUrl: () => string;
}

/** Origin of the status page for browsers; never what a request says in its `Host`. */
export const publicUrlOf = ({ nodesUrl }: Reached, { publicUrl }: Pick<OidcSettings, 'publicUrl'>): string =>
  publicUrl ?? new URL(nodesUrl()).origin;

/** Where the issuer sends browsers back to. */
export const redirectUriOf = (root: Reached, settings: Pick<OidcSettings, 'publicUrl'>): string =>
  `${publicUrlOf(root, settings)}/login/oidc/callback`;

/** @throws XylemError E_INPUT if browsers could not come back: the address is one to listen at, and nobody said another */
export function requireReachable(root: Reached, settings: Pick<OidcSettings, 'publicUrl'>): void {
  const url = publicUrlOf(root, settings);
  if (!['0.0.0.0', '[::]'].includes(new URL(url).hostname)) return;
  throw new XylemError(
    'E_INPUT',
    `Browsers can't come back to ${url}. Say how they reach this root server: --public-url https://root.example:8441`,
  );
}
