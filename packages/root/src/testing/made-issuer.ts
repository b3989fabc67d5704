import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { removeLater } from '@xylem/testkit';
import {
  exportJWK,
  exportSPKI,
  type GenerateKeyPairResult,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
} from 'jose';

type Answer = (response: ServerResponse) => void;
type Asked = (response: ServerResponse, request: IncomingMessage) => void;

/** An issuer that says what a test wants, for CI jobs or for people: real HTTP with its discovery document and keys. */
export interface MadeIssuer {
  readonly url: string;
  /** How often its keys were asked for. */
  readonly asked: () => number;
  /** A genuine token of now, but for what is given; a claim of `undefined` is left out. */
  token(claims?: Readonly<Record<string, unknown>>, key?: string): Promise<string>;
  /** Makes another key; only if `published` are its tokens to be verified. */
  newKey(kid: string, published: boolean): Promise<void>;
  /** PEM of the public key of `kid`. */
  publicPem(kid: string): string;
  /** What its keys' address answers from now on; null: its keys. */
  answerKeys(answer: Answer | null): void;
  /** What an address answers from now on, also that of the discovery document. */
  on(path: string, answer: Asked): void;
  /** The discovery document as it is. */
  readonly description: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

export async function madeIssuer(t: Pick<TestContext, 'after'>, now: () => number): Promise<MadeIssuer> {
  const pairs = new Map<string, GenerateKeyPairResult>();
  const published: object[] = [];
  const pems = new Map<string, string>();
  let asked = 0;
  let answer: Answer | null = null;
  const paths = new Map<string, Asked>();
  const server = createServer((request, response) => {
    const send = (value: unknown): void => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(value));
    };
    const own = paths.get(request.url?.split('?')[0] ?? '');
    if (own !== undefined) {
      own(response, request);
      return;
    }
    if (request.url === '/.well-known/openid-configuration') {
      send(description);
      return;
    }
    asked += 1;
    if (answer === null) send({ keys: published });
    else answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const description = {
    issuer: url,
    jwks_uri: `${url}/keys`,
    authorization_endpoint: `${url}/auth`,
    token_endpoint: `${url}/token`,
    device_authorization_endpoint: `${url}/device`,
    response_types_supported: ['code'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  removeLater(t, close);

  const newKey = async (kid: string, isPublished: boolean): Promise<void> => {
    const pair = await generateKeyPair('RS256', { extractable: true });
    pairs.set(kid, pair);
    pems.set(kid, await exportSPKI(pair.publicKey));
    if (isPublished) published.push({ ...(await exportJWK(pair.publicKey)), kid, use: 'sig', alg: 'RS256' });
  };
  await newKey('first', true);
  let made = 0;
  return {
    url,
    asked: () => asked,
    token: async (claims = {}, kid = 'first') => {
      const seconds = Math.floor(now() / 1000);
      made += 1;
      const payload = {
        iss: url,
        aud: 'xylem',
        sub: 'repo:acme/shop',
        jti: `job-${made}`,
        iat: seconds,
        nbf: seconds,
        exp: seconds + 300,
        repository: 'acme/shop',
        ref: 'refs/heads/main',
        ...claims,
      };
      const key = pairs.get(kid)?.privateKey;
      if (key === undefined) throw new Error(`no key ${kid}`);
      return await new SignJWT(JSON.parse(JSON.stringify(payload)) as JWTPayload)
        .setProtectedHeader({ alg: 'RS256', kid })
        .sign(key);
    },
    newKey,
    publicPem: (kid) => pems.get(kid) ?? '',
    answerKeys: (next) => {
      answer = next;
    },
    on: (path, next) => void paths.set(path, next),
    description,
    close,
  };
}
