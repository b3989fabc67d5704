import type { Configuration } from 'openid-client';
import { issuerFetch } from '../../outgoing/issuer-fetch.ts';
import { isAllowedUrl, issuerFault } from '../../outgoing/outgoing.ts';
import { type Claims, isComplete } from './claims.ts';
import { faultOf, isDenied, oidcFault, pendingOf } from './faults.ts';
import type { PresentOidc } from './settings.ts';

/** What a browser takes to the issuer and back, each known to nobody else. */
export interface CodeFlow {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface DeviceGrant {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationUri: string;
  /** With the code in it. */
  readonly verificationUriComplete: string | null;
  readonly intervalMs: number;
  readonly lifetimeMs: number;
}

export type DeviceAnswer =
  | { readonly state: 'signed-in'; readonly claims: Claims }
  | { readonly state: 'pending' | 'slow-down' | 'denied' | 'expired' };

/** An issuer as it described itself, asked as the settings say. Every method @throws XylemError E_ISSUER, E_OIDC */
export interface Issuer {
  /** Whether it offers the device flow (RFC 8628). */
  readonly offersDevices: boolean;
  /** Where a browser begins to sign in: PKCE by S256, state, nonce. */
  authorizationUrl(flow: CodeFlow): Promise<string>;
  /** Verified claims for the address by which the browser came back. */
  claimsOf(returned: URL, flow: CodeFlow): Promise<Claims>;
  beginDevice(): Promise<DeviceGrant>;
  askDevice(deviceCode: string): Promise<DeviceAnswer>;
}

/** How far the issuer's clock may be from ours, as for CI systems. */
const toleranceSeconds = 60;
const timeoutSeconds = 10;
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** Asks the issuer to describe itself (OpenID Connect Discovery 1.0). @throws XylemError E_ISSUER */
export async function openIssuer(settings: PresentOidc): Promise<Issuer> {
  const library = await import('openid-client');
  const config = await discover(settings);
  const { issuer } = settings;
  const metadata = config.serverMetadata();
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (thrown) {
      throw faultOf(thrown, issuer);
    }
  };
  type Tokens = Awaited<ReturnType<typeof library.authorizationCodeGrant>>;
  const complete = async (tokens: Tokens): Promise<Claims> => {
    const claims = tokens.claims();
    if (claims === undefined)
      throw oidcFault('token', 'The issuer gave no ID token. The scope must contain openid.');
    if (isComplete(claims, settings) || metadata.userinfo_endpoint === undefined) return claims;
    const more = await library.fetchUserInfo(config, tokens.access_token, claims.sub);
    // What the issuer signed goes before what it only sent.
    return { ...more, ...claims };
  };
  return {
    offersDevices: metadata.device_authorization_endpoint !== undefined,
    authorizationUrl: ({ redirectUri, state, nonce, verifier }) =>
      guarded(async () => {
        const url = library.buildAuthorizationUrl(config, {
          redirect_uri: redirectUri,
          scope: settings.scope,
          state,
          nonce,
          code_challenge: await library.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        });
        return url.href;
      }),
    claimsOf: (returned, { state, nonce, verifier }) =>
      guarded(async () => {
        const checks = {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        };
        return await complete(await library.authorizationCodeGrant(config, returned, checks));
      }),
    beginDevice: () =>
      guarded(async () => {
        const given = await library.initiateDeviceAuthorization(config, { scope: settings.scope });
        const { verification_uri: uri, verification_uri_complete: full } = given;
        if (!isAllowedUrl(uri) || (full !== undefined && !isAllowedUrl(full)))
          throw issuerFault(issuer, 'sends people to an address that is neither https nor on this machine');
        return {
          deviceCode: given.device_code,
          userCode: given.user_code,
          verificationUri: uri,
          verificationUriComplete: full ?? null,
          intervalMs: within(given.interval ?? 5, 1, 60) * 1000,
          lifetimeMs: within(given.expires_in, 1, 1800) * 1000,
        };
      }),
    askDevice: (deviceCode) =>
      guarded(async (): Promise<DeviceAnswer> => {
        let tokens: Tokens;
        try {
          tokens = await library.genericGrantRequest(config, deviceGrant, { device_code: deviceCode });
        } catch (thrown) {
          if (isDenied(thrown)) return { state: 'denied' };
          const pending = pendingOf(thrown);
          if (pending === null) throw thrown;
          return {
            state: (
              { authorization_pending: 'pending', slow_down: 'slow-down', expired_token: 'expired' } as const
            )[pending],
          };
        }
        return { state: 'signed-in', claims: await complete(tokens) };
      }),
  };

  async function discover({ clientId, clientSecret }: PresentOidc): Promise<Configuration> {
    const fetcher = (url: string, init: Parameters<typeof issuerFetch>[1]) => issuerFetch(url, init);
    let found: Configuration;
    try {
      found = await library.discovery(new URL(settings.issuer), clientId, undefined, library.None(), {
        [library.customFetch]: fetcher,
        timeout: timeoutSeconds,
        // `issuerFetch` decides what may be asked: https, or http on this machine.
        execute: [library.allowInsecureRequests],
      });
    } catch (thrown) {
      const fault = faultOf(thrown, settings.issuer);
      throw fault.code === 'E_ISSUER'
        ? fault
        : issuerFault(settings.issuer, 'describes itself as another issuer, or not at all', fault);
    }
    const said = found.serverMetadata();
    // The library lets some issuers that serve many organisations describe themselves as another.
    if (said.issuer !== settings.issuer) {
      throw issuerFault(
        settings.issuer,
        'describes itself as another issuer: write it exactly as its tokens name it',
      );
    }
    for (const address of [said.authorization_endpoint, said.token_endpoint, said.jwks_uri]) {
      if (address === undefined || !isAllowedUrl(address))
        throw issuerFault(
          settings.issuer,
          'lacks an address by https for signing in, for tokens or for its keys',
        );
    }
    const methods = said.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const by = methods.includes('client_secret_basic') ? library.ClientSecretBasic : library.ClientSecretPost;
    const authentication = clientSecret === null ? library.None() : by(clientSecret);
    const client = { [library.clockTolerance]: toleranceSeconds };
    const made = new library.Configuration(said, clientId, client, authentication);
    made[library.customFetch] = fetcher;
    made.timeout = timeoutSeconds;
    library.allowInsecureRequests(made);
    // Without this the library trusts TLS alone, as OpenID Connect Core 1.0, section 3.1.3.7 allows.
    library.enableNonRepudiationChecks(made);
    return made;
  }
}

const within = (value: number, least: number, most: number): number =>
  Math.min(most, Math.max(least, Math.ceil(Number.isFinite(value) ? value : least)));
