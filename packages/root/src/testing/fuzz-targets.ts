import { Agent, request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { FuzzTarget } from '@xylem/core/testing';
import { systemRandomness } from '@xylem/platform';
import { buildJoinRequest, buildRenewRequest, generateKey, hostIdOf, parseToken } from '@xylem/trust';
import { apiPrefix, contract, type RouteContract } from '../api/contract.ts';
import { rootFixture } from './root-fixture.ts';

/** The HTTP that anyone can reach: the API with an operator's rights, so that nothing stops at the door, and joining. */
export async function rootFuzzTargets(context: {
  after(remove: () => void | Promise<void>): void;
}): Promise<FuzzTarget[]> {
  const root = await rootFixture(context);
  await root.api('environmentCreate', { body: { name: 'production' } });
  const made = await root.api('tokenCreate', { body: { environment: 'production', uses: 1000 } });
  const { apiUrl, nodesUrl } = root.running();
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false, maxSockets: 4 });
  context.after(() => agent.destroy());
  return [
    apiTarget('body of the API', bodies(), apiUrl, root.token),
    apiTarget('path of the API', paths(), apiUrl, root.token),
    apiTarget('text to the API', texts(), apiUrl, root.token),
    ...nodeTargets(nodesUrl, agent, made.token),
  ];
}

interface Asked {
  readonly method: string;
  readonly path: string;
  /** Sent as JSON; a string as it is. */
  readonly body?: unknown;
}

const seed = (asked: Asked): Uint8Array => Buffer.from(JSON.stringify(asked));
const fill = (path: string): string => `${apiPrefix}${path.replace(/:\w+/g, 'production')}`;

/** Ends a root server's copy, or this test's own rights: nothing to be fuzzed. */
const never = /backup|restore|logout|sessions|login/;
const routes: readonly RouteContract[] = Object.values<RouteContract>(contract).filter(
  ({ path }) => !never.test(path),
);

function paths(): Uint8Array[] {
  const query = '?environment=production&where=role%20%3D%20web&limit=10&after=x';
  return routes.map(({ method, path }) =>
    seed({
      method,
      path: `${fill(path)}${method === 'GET' ? query : ''}`,
      ...(method === 'GET' ? {} : { body: {} }),
    }),
  );
}

function bodies(): Uint8Array[] {
  const select = { environments: ['production'], where: 'role = web', hosts: ['x'] };
  const yaml = 'environment: production\nproducts:\n  shop:\n    components:\n      web: { where: all }\n';
  const digest = 'a'.repeat(64);
  const roles = [{ role: 'p-x', baseVersion: 0, metadata: '{"signatures":[],"signed":{}}' }];
  const known: Asked[] = [
    { method: 'POST', path: '/hosts/label', body: { select, set: { role: 'web' }, remove: ['site'] } },
    {
      method: 'POST',
      path: '/hosts/configure',
      body: { select, component: 'web', set: { a: 1 }, remove: [] },
    },
    { method: 'POST', path: '/hosts/move', body: { select, parents: ['https://a.example:1'] } },
    {
      method: 'PUT',
      path: '/environments/acme/production/yaml',
      body: { baseVersion: 0, yaml, dryRun: true },
    },
    { method: 'POST', path: '/tokens', body: { environment: 'production', uses: 1, labels: { a: 'b' } } },
    {
      method: 'POST',
      path: '/deployments',
      body: { product: 'shop', version: '1.0.0', environments: ['production'] },
    },
    {
      method: 'POST',
      path: '/products',
      body: { product: 'shop', domain: 'a'.repeat(32), targets: roles[0], roles },
    },
    {
      method: 'POST',
      path: '/products/shop/releases',
      body: { document: '{"format":"xylem-release-1"}', roles },
    },
    { method: 'PUT', path: '/products/shop/channels/stable', body: { document: '{}', roles } },
    { method: 'POST', path: '/products/shop/packages', body: { document: '{"format":"xylem-package-1"}' } },
    { method: 'POST', path: '/products/shop/trees', body: { tree: digest, treeChunks: [[digest, 10]] } },
    { method: 'POST', path: '/products/shop/chunks/known', body: { chunks: [digest] } },
    { method: 'POST', path: '/api-tokens', body: { name: 'x', role: 'viewer', expiresInSeconds: 60 } },
  ];
  return known.map((one) => seed({ ...one, path: `${apiPrefix}${one.path}` }));
}

function texts(): Uint8Array[] {
  return ['{', '[]', 'null', '{"a":1e999}', '\ufeff{}', '{"__proto__":{"a":1}}', '"\\ud800"'].map((body) =>
    seed({ method: 'POST', path: `${apiPrefix}/hosts/label`, body }),
  );
}

function apiTarget(name: string, seedInputs: Uint8Array[], url: string, token: string): FuzzTarget {
  return {
    name,
    seedInputs,
    parse: async (input) => {
      const asked = readAsked(input);
      if (asked === null) return;
      const { method, path, body } = asked;
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const withBody = method !== 'GET' && method !== 'HEAD' && text !== undefined;
      let target: URL;
      try {
        target = new URL(path, url);
      } catch {
        return;
      }
      const isApi = target.origin === new URL(url).origin && target.pathname.startsWith(`${apiPrefix}/`);
      if (!isApi || never.test(target.pathname)) return;
      const response = await fetch(target, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(withBody ? { 'content-type': 'application/json' } : {}),
        },
        ...(withBody ? { body: text } : {}),
      });
      judge(response.status, await response.text(), `${method} ${target.pathname}`);
    },
  };
}

function readAsked(input: Uint8Array): Asked | null {
  try {
    const value = JSON.parse(Buffer.from(input).toString()) as Asked;
    const isFit =
      typeof value.method === 'string' &&
      typeof value.path === 'string' &&
      value.path.startsWith(`${apiPrefix}/`);
    return isFit && /^(GET|POST|PUT|DELETE|PATCH|HEAD)$/.test(value.method) ? value : null;
  } catch {
    return null;
  }
}

/** Every refusal has a code, and none is a fault of ours. */
function judge(status: number, text: string, what: string): void {
  if (status < 400) return;
  let code: unknown;
  try {
    code = (JSON.parse(text) as { code?: unknown }).code;
  } catch {
    code = undefined;
  }
  const isCoded = typeof code === 'string' && /^E_[A-Z_]+$/.test(code) && code !== 'E_INTERNAL';
  // HEAD has no body.
  if (!isCoded && !(what.startsWith('HEAD') && status < 500))
    throw new Error(`${what}: ${status} ${text.slice(0, 300)}`);
}

function nodeTargets(url: string, agent: Agent, tokenText: string): FuzzTarget[] {
  const key = generateKey();
  const token = parseToken(tokenText);
  const { body } = buildJoinRequest({
    token,
    key,
    name: 'a',
    serve: false,
    facts: {},
    randomness: systemRandomness,
  });
  const target = (name: string, path: string, seedInput: Uint8Array): FuzzTarget => ({
    name,
    seedInputs: [seedInput],
    parse: async (input) => {
      const answer = await post(`${url}${path}`, agent, input);
      judge(answer.status, answer.text, `POST ${path}`);
    },
  });
  return [
    target('body of /join', '/join', body),
    target('body of /renew', '/renew', buildRenewRequest(key, hostIdOf(key.public))),
    target(
      'body of /reports by a stranger',
      '/reports',
      Buffer.from('{"format":"xylem-reports-1","reports":[]}'),
    ),
  ];
}

function post(url: string, agent: Agent, body: Uint8Array): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const outgoing = request(url, { method: 'POST', agent, headers }, (answer) => {
      buffer(answer).then(
        (whole) => resolve({ status: answer.statusCode ?? 0, text: whole.toString() }),
        reject,
      );
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
