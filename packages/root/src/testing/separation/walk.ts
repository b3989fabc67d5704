import type { TestContext } from 'node:test';
import { apiPrefix, contract, type Operation, type RouteContract } from '../../api/contract.ts';
import { type RootFixture, rootFixture } from '../root-fixture.ts';
import { shiftedClock } from '../shifted-clock.ts';
import type { Asking, Decision } from './decide.ts';
import { decisions } from './decisions.ts';
import { holds, holdsAnywhere, holdsIn, type Identity, makeIdentities, sees } from './identities.ts';
import { fillPlace, type Place, unknownPlace, valuesOf } from './places.ts';

/** An answer that was not what was decided, or that told something of someone else's. */
export interface Leak {
  readonly identity: string;
  readonly operation: string;
  readonly asked: string;
  readonly what: string;
}

export interface Walked {
  readonly identities: number;
  readonly operations: number;
  readonly tried: number;
  readonly leaks: readonly Leak[];
}

interface Answer {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

/**
 * Asks every operation of the contract, as it was decided in `decisions`, as every kind of identity, of each of two
 * tenants, on a real root server; and the status page.
 */
export async function walkSeparation(t: Pick<TestContext, 'after'>): Promise<Walked> {
  const clock = shiftedClock(-3_600_000);
  const root = await rootFixture(t, { clock });
  const places = [await fillPlace(t, root, 'alder'), await fillPlace(t, root, 'birch')] as const;
  const unknown = unknownPlace('cedar');
  for (const { live, test } of places) {
    for (const { deployment } of [live, test])
      await root.api('deploymentAbort', { params: { id: deployment } }).catch(() => undefined);
  }
  const identities = await makeIdentities(t, root, clock, places);
  const leaks: Leak[] = [];
  let tried = 0;
  for (const identity of identities) {
    for (const operation of Object.keys(contract) as Operation[]) {
      for (const decision of decisions[operation]) {
        for (const target of places) {
          // Who operates everything belongs nowhere: what they let a relay serve is that relay's to know.
          const own = holds(identity, 'operate') ? target : identity.own;
          const asking = await decision.ask(target, own, root);
          const answer = await ask(root, operation, asking, identity);
          tried += 1;
          const report = (what: string): void => {
            const asked = JSON.stringify(asking).slice(0, 200);
            leaks.push({ identity: identity.name, operation, asked, what });
          };
          for (const found of canariesIn(answer, asking, identity, places)) report(`tells ${found}`);
          const fault = faultOf(answer, identity, decision, target);
          if (fault !== null) report(`${fault}: ${answer.body.slice(0, 300)}`);
          if (fault !== null || identity.grants === null || !isForeign(identity, decision, target)) continue;
          if (isAllowed(identity, decision, target)) continue;
          const other = await decision.ask(unknown, own, root);
          const nothing = renamed(
            await ask(root, operation, other, identity),
            unknown,
            target,
            other,
            asking,
          );
          tried += 1;
          if (JSON.stringify(nothing) !== JSON.stringify(answer)) {
            report(`answers otherwise than for what is not there: ${JSON.stringify([answer, nothing])}`);
          }
        }
      }
    }
    for (const path of ['/', '/status/fragment']) {
      const answer = await look(root, path, identity);
      tried += 1;
      for (const found of canariesIn(answer, {}, identity, places))
        leaks.push({ identity: identity.name, operation: path, asked: '', what: `tells ${found}` });
    }
  }
  return { identities: identities.length, operations: Object.keys(contract).length, tried, leaks };
}

function isAllowed(identity: Identity, { at, permission }: Decision, target: Place): boolean {
  const { own } = identity;
  switch (at) {
    case 'own':
      return true;
    case 'nobody':
    case 'nothing':
      return false;
    case 'installation':
      return holds(identity, permission);
    case 'list':
      return holdsAnywhere(identity, permission);
    case 'environment':
    case 'thing':
      return holdsIn(identity, permission, target);
    case 'product':
      return permission === 'read'
        ? sees(identity, target)
        : holds(identity, permission, `product:${target.product}`);
    case 'tenant':
      return holds(identity, permission, target.tenant);
    case 'mapping':
      return holdsIn(identity, permission, own) && sees(identity, target);
    case 'serving':
      return holdsIn(identity, permission, own) && holds(identity, permission, target.tenant);
  }
}

/** What is asked for is not there for this identity. */
function isForeign(identity: Identity, { at }: Decision, target: Place): boolean {
  if (at === 'own' || at === 'nobody' || at === 'nothing') return false;
  if (at === 'product' || at === 'mapping') return !sees(identity, target);
  return !holdsIn(identity, 'read', target);
}

function faultOf({ status }: Answer, identity: Identity, decision: Decision, target: Place): string | null {
  if (decision.at === 'nobody') return [401, 429].includes(status) ? null : `${status}, and nobody signed in`;
  if (identity.grants === null) return status === 401 ? null : `${status} instead of 401`;
  // What a component is that is not visible can't be said; the change of one's own host is one's own right.
  if (isAllowed(identity, decision, target)) {
    return [401, 403, 404].includes(status) || status >= 500 ? `${status}, though it is allowed` : null;
  }
  const isRefused = status === 403 || status === 404;
  return isRefused || decision.at === 'mapping' ? null : `${status}, though it is not allowed`;
}

/** What the answer says of what is not there for this identity, and was not in the question. */
function canariesIn(
  { body, headers }: Answer,
  asking: Asking,
  identity: Identity,
  places: readonly Place[],
): string[] {
  const said = `${headers}\n${body}`;
  const { tenant, environment } = asking.params ?? {};
  const question = `${JSON.stringify(asking)} ${tenant}/${environment}`;
  return places
    .flatMap((place) => hiddenOf(identity, place))
    .filter((canary) => said.includes(canary) && !question.includes(canary));
}

function hiddenOf(identity: Identity, place: Place): string[] {
  const { tenant, live, test, product, component, domain, package: digest, release, apiToken } = place;
  const isProductHidden = !sees(identity, place);
  const hidden = [live, test]
    .filter((site) => !holdsIn(identity, 'read', place, site))
    .flatMap((site) => Object.values(site) as string[]);
  return [
    ...hidden,
    ...(isProductHidden ? [product, component, domain, digest, release] : []),
    ...(isProductHidden && hidden.length > 6 ? [tenant] : []),
    ...(holds(identity, 'administer', tenant) ? [] : [apiToken]),
  ];
}

async function ask(
  root: RootFixture,
  operation: Operation,
  { params = {}, query = {}, body }: Asking,
  { token }: Identity,
): Promise<Answer> {
  const route: RouteContract = contract[operation];
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams(query).toString();
  const isBytes = body instanceof Uint8Array;
  const response = await fetch(
    `${root.running().apiUrl}${apiPrefix}${path}${search === '' ? '' : `?${search}`}`,
    {
      method: route.method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined
          ? {}
          : { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' }),
      },
      ...(body === undefined ? {} : { body: isBytes ? Buffer.from(body) : JSON.stringify(body) }),
    },
  );
  return await answerOf(response);
}

/** The status page, signed in by the form. */
async function look(root: RootFixture, path: string, { token }: Identity): Promise<Answer> {
  const { apiUrl } = root.running();
  const signedIn = await fetch(`${apiUrl}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: apiUrl, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ token: token ?? '' }).toString(),
  });
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  return await answerOf(await fetch(`${apiUrl}${path}`, { headers: { cookie } }));
}

async function answerOf(response: Response): Promise<Answer> {
  const headers = [...response.headers]
    .filter(([name]) => name !== 'date')
    .map(([name, value]) => `${name}: ${value}`);
  return { status: response.status, headers: headers.join('\n'), body: await response.text() };
}

/** The answer about nothing, as it would be about the target: names and ids alone may differ. */
function renamed(answer: Answer, from: Place, to: Place, asked: Asking, instead: Asking): Answer {
  const wanted = [...Object.values(instead.params ?? {}), ...valuesOf(to)];
  const pairs = [...Object.values(asked.params ?? {}), ...valuesOf(from)].map(
    (value, index) => [value, wanted[index] ?? ''] as const,
  );
  const text = (before: string): string =>
    pairs.reduce((changed, [value, other]) => changed.replaceAll(value, other), before);
  return { ...answer, body: text(answer.body).replaceAll(from.tenant, to.tenant) };
}
