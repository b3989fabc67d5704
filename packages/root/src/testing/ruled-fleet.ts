import type { TestContext } from 'node:test';
import { waitUntil } from '@xylem/testkit';
import { type FakeHost, fakeFacts, fakeHost } from './fake-host.ts';
import { type RootFixtureOptions, rootFixture } from './root-fixture.ts';
import { shiftedClock } from './shifted-clock.ts';

const environment = 'acme/production';
export const urlOf = (name: string): string => `https://${name}.example:8442`;

interface Rule {
  readonly parents: readonly string[];
  readonly where?: string;
  readonly subnets?: readonly string[];
  readonly priority?: number;
  readonly dryRun?: boolean;
}

/** Hosts of an environment, each with the label `site`, that report an old parent; parent rules send them elsewhere. */
export async function ruledFleet(
  t: TestContext,
  sites: Readonly<Record<string, string>>,
  options: RootFixtureOptions = {},
) {
  const clock = shiftedClock(-86_400_000);
  const root = await rootFixture(t, { clock, ...options });
  await root.api('environmentCreate', { body: { name: environment } });
  const hosts = new Map<string, FakeHost>();
  const join = async (name: string, site: string, serve = false) => {
    const { token } = await root.api('tokenCreate', { body: { environment, labels: { site }, serve } });
    const host = await fakeHost(root, token, { name, serve });
    hosts.set(name, host);
    return host;
  };
  const say = async (name: string, parent: string, addresses?: readonly string[]) =>
    await hosts.get(name)?.report([], {
      parent: { url: urlOf(parent), host: null },
      ...(addresses === undefined ? {} : { facts: { ...fakeFacts, addresses } }),
    });
  for (const [name, site] of Object.entries(sites)) {
    await join(name, site);
    await say(name, 'old');
  }
  const ask = async (name: string, { parents, subnets = [], ...rule }: Rule) => {
    const lists = { parents: parents.map(urlOf), subnets: [...subnets] };
    const body = { where: 'all', ...rule, ...lists, name, environments: [environment] };
    return await root.api('parentRuleSet', { body });
  };
  const set = async (name: string, where: string, parents: readonly string[], priority = 100) =>
    (await ask(name, { where, parents, priority })).rules[0];
  const placed = async (name: string) => {
    const { parents, parentsRule } = await root.api('hostShow', { params: { host: name } });
    return `${parentsRule ?? '-'}: ${parents.map((url) => new URL(url).hostname.split('.')[0]).join(' ')}`;
  };
  const isPlaced = (name: string, wanted: string) =>
    waitUntil(async () => (await placed(name)) === wanted, 30_000, `${name} to be ${wanted}`);
  const newest = async () => (await root.api('reparentingList')).reparentings[0];
  /** Each is looked at at once, which `resume` has as its effect on one that runs. */
  const over = () =>
    waitUntil(async () => {
      const { reparentings } = await root.api('reparentingList');
      const open = reparentings.filter(({ ended }) => ended === null);
      for (const { id } of open)
        await root.api('reparentingResume', { params: { id } }).catch(() => undefined);
      return open.length === 0;
    });
  return { root, environment, clock, join, say, ask, set, placed, isPlaced, newest, over };
}
