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
