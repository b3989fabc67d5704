import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { removeLater } from '@xylem/testkit';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

export interface RealIssuerOptions {
  /** Where browsers are sent back to. */
  readonly redirectUri: () => string;
  /** What only the user information says, not the ID token. Default: nothing. */
  readonly onlyUserInfo?: boolean;
}

/** `oidc-provider`, a certified issuer, in this process over real HTTP, with its pages for signing in. */
export interface RealIssuer {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Who signs in as `login`, and what is said of them from now on. */
  setPerson(login: string, claims: Readonly<Record<string, unknown>>): void;
  close(): Promise<void>;
}

export async function realIssuer(
  t: Pick<TestContext, 'after'>,
  { redirectUri, onlyUserInfo = false }: RealIssuerOptions,
): Promise<RealIssuer> {
  const people = new Map<string, Readonly<Record<string, unknown>>>();
  const client = { clientId: 'xylem', clientSecret: 'a secret that only the two know' };
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(url, {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [redirectUri()],
        grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
        response_types: ['code'],
        // As a native client it may be sent back by http on loopback.
        application_type: 'native',
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'real' }] },
    cookies: { keys: ['only for tests'] },
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
    conformIdTokenClaims: onlyUserInfo,
    features: { deviceFlow: { enabled: true }, devInteractions: { enabled: true } },
    ttl: {
      DeviceCode: 600,
      Session: 600,
      Grant: 600,
      Interaction: 600,
      IdToken: 600,
      AccessToken: 600,
    },
    pkce: { required: () => true },
    findAccount: (_context: unknown, login: string) => ({
      accountId: login,
      claims: () => ({ sub: login, ...people.get(login) }),
    }),
  });
  server.on('request', provider.callback());
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  removeLater(t, close);
  return { url, ...client, setPerson: (login, claims) => void people.set(login, claims), close };
}
