import assert from 'node:assert/strict';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ChangePolicy, Period, Urgency } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import type { JoinedHost, RootFront, TestPackage } from '@xylem/testkit/builders';
import { explainHost } from '../explain/explain.ts';
import type { RunningAgent } from '../options.ts';
import { installFingerprint, type Placed } from '../slot/placed.ts';
import { stateLayout } from '../state/layout.ts';
import { reported, Site } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';

const hourMs = 3_600_000;

/** A window or freeze that begins so many hours from now. */
function period(name: string, inHours: number, hours: number): Period {
  const start = new Date(systemClock.now() + inHours * hourMs).toISOString().slice(0, 16);
  return { name, zone: 'UTC', start, duration: `PT${hours}H` };
}

/** A host whose clock a test puts forward and back. */
class Host {
  readonly site: Site;
  readonly front: RootFront;
  readonly joined: JoinedHost;
  aheadMs = 0;
  #running: RunningAgent | null = null;

  private constructor(site: Site, front: RootFront, joined: JoinedHost) {
    this.site = site;
    this.front = front;
    this.joined = joined;
  }

  static async create(t: TestContext): Promise<Host> {
    const site = await Site.create(t);
    const front = await site.front();
    return new Host(site, front, await site.host([front.url]));
  }

  readonly clock = { ...systemClock, now: () => systemClock.now() + this.aheadMs };

  async start(): Promise<void> {
    this.#running = await this.site.agent(this.joined, { clock: this.clock });
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = null;
  }

  async publish(version: string): Promise<{ readonly release: string; readonly package: TestPackage }> {
    const made = await this.site.publish('pages', version, { page: version });
    return { release: await this.site.vendor.release(version, [made]), package: made };
  }

  async direct(
    given: { readonly release: string; readonly package: TestPackage } | null,
    policy: ChangePolicy,
    urgency: Urgency = {},
  ): Promise<void> {
    const assignments =
      given === null
        ? []
        : [
            {
              component: 'pages',
              product: 'shop',
              release: given.release,
              package: given.package.package,
              version: given.package.version,
              ...urgency,
            },
          ];
    await this.site.direct({ policy, assignments: assignments as never });
  }

  page(): Promise<string | null> {
    return readFile(join(this.#folder, 'current', 'page'), 'utf8').catch(() => null);
  }

  async runs(version: string | null): Promise<void> {
    await waitFor(`it runs ${version}`, async () => (await this.page()) === version);
  }

  /** Waits until it has nothing more to do or to wait for. */
  async rests(version: string | null): Promise<void> {
    await this.runs(version);
    await waitFor('it rests', () => this.#running?.status().converged === true);
  }

  /** Waits until the running agent holds pages by `code`, and says so. */
  async holds(code: string, sentence = /./): Promise<void> {
    await waitFor(`it holds by ${code}: ${sentence.source}`, () => {
      const one = this.#running?.status().waiting.find(({ component }) => component === 'pages');
      return one?.code === code && sentence.test(one.message);
    });
  }

  async isReady({ package: { tree } }: { readonly package: TestPackage }): Promise<void> {
    await waitFor('the tree lies ready', () =>
      access(join(this.#folder, 'trees', `${tree}.tree`)).then(
        () => true,
        () => false,
      ),
    );
  }

  get #folder(): string {
    return join(this.joined.stateFolder, 'components', 'pages');
  }
  get current(): string {
    return join(this.#folder, 'current');
  }
}

test('a host without any parent waits for its window with the version ready, over a restart, and repairs meanwhile', async (t) => {
  const host = await Host.create(t);
  const [one, two] = [await host.publish('1.0.0'), await host.publish('2.0.0')];
  const policy = { windows: [period('nights', 2, 2)] };
  await host.direct(one, policy);
  await host.start();
  await host.rests('1.0.0');
  await host.direct(two, policy);
  await host.holds(
    'E_OUTSIDE_WINDOW',
    /^pages 2\.0\.0 waits: no window is open \(the next one is nights\)\. It begins at \d{4}-\S+Z\.$/,
  );
  await host.isReady(two);
  await reported(host.front, host.joined, 'the reason', ({ waiting }) =>
    waiting.some(({ code, component }) => code === 'E_OUTSIDE_WINDOW' && component === 'pages'),
  );
  await host.stop();
  await host.front.close();
  const explained = await explainHost({
    stateFolder: host.joined.stateFolder,
    node: process.execPath,
    clock: host.clock,
  });
  assert.equal(explained.components[0]?.keeping[0]?.code, 'E_OUTSIDE_WINDOW');
  assert.deepEqual(explained.components[0]?.steps, []);
  await host.start();
  await host.holds('E_OUTSIDE_WINDOW');
  await rm(host.current);
  await host.runs('1.0.0');
  await host.holds('E_OUTSIDE_WINDOW');
  host.aheadMs = 2.5 * hourMs;
  await host.runs('2.0.0');
});

test('a freeze holds what is urgent, a window does not, and neither a return nor a new host', async (t) => {
  const host = await Host.create(t);
  const [one, two, three] = [
    await host.publish('1.0.0'),
    await host.publish('2.0.0'),
    await host.publish('3.0.0'),
  ];
  const frozen = { freezes: [period('launch', -1, 24)] };
  await host.direct(one, frozen);
  await host.start();
  await host.rests('1.0.0');
  await host.direct(two, frozen, { urgent: true });
  await host.holds('E_FROZEN', /changes are frozen \(launch\)\. It begins at /);
  await host.direct(two, { ...frozen, urgentPassesFreezes: true }, { urgent: true });
  await host.runs('2.0.0');
  await host.direct(one, frozen);
  await host.runs('1.0.0');
  await host.direct(three, frozen);
  await host.holds('E_FROZEN');
  await host.direct(three, { windows: [period('later', 5, 1)] });
  await host.holds('E_OUTSIDE_WINDOW');
  await host.direct(three, { windows: [period('later', 5, 1)] }, { urgent: true });
  await host.runs('3.0.0');
  await host.direct(null, frozen);
  await host.holds('E_FROZEN', /pages is to go, and waits/);
  assert.equal(await host.page(), '3.0.0');
  await host.direct(null, {});
  await host.runs(null);
});

test('of two freezes the one that is not named holds, whatever policy lets pass, and so does a window', async (t) => {
  const host = await Host.create(t);
  const [one, two, three] = [
    await host.publish('1.0.0'),
    await host.publish('2.0.0'),
    await host.publish('3.0.0'),
  ];
  const policy = {
    freezes: [period('christmas', -1, 24), period('audit', -1, 12)],
    urgentPassesFreezes: true,
  };
  await host.direct(one, policy);
  await host.start();
  await host.rests('1.0.0');
  await host.direct(two, policy, { overrides: ['freezes:christmas', 'quotas', 'windows'] });
  await host.holds('E_FROZEN', /changes are frozen \(audit\)/);
  await host.direct(two, policy, { urgent: true, overrides: ['freezes:audit', 'quotas', 'windows'] });
  await host.holds('E_FROZEN', /changes are frozen \(christmas\)/);
  await host.direct(two, policy, { overrides: ['freezes:audit', 'freezes:christmas'] });
  await host.runs('2.0.0');
  const windows = { windows: [period('nights', 5, 1)], quota: { changes: 1, hours: 24 } };
  await host.direct(three, windows, { overrides: ['quotas'] });
  await host.holds('E_OUTSIDE_WINDOW');
  await host.direct(three, windows, { overrides: ['windows'] });
  await host.runs('3.0.0');
  await host.direct(two, windows, { overrides: ['windows'] });
  await host.rests('2.0.0');
  await host.direct((await host.publish('4.0.0')) as typeof one, windows, { overrides: ['windows'] });
  await host.holds('E_QUOTA');
});

test('a quota counts changes over a restart and a clock that was set back, and ends', async (t) => {
  const host = await Host.create(t);
  const versions = await Promise.all(['1.0.0', '2.0.0', '3.0.0', '4.0.0'].map((each) => host.publish(each)));
  const [one, two, three, four] = versions as [(typeof versions)[0], ...typeof versions];
  const policy = { quota: { changes: 2, hours: 24 } };
  await host.direct(one, policy);
  await host.start();
  await host.rests('1.0.0');
  await host.direct(two as typeof one, policy);
  await host.runs('2.0.0');
  await host.direct(three as typeof one, policy);
  await host.runs('3.0.0');
  await host.direct(four as typeof one, policy);
  await host.holds('E_QUOTA', /was changed 2 times within 24 hours, and may be 2 times/);
  await host.stop();
  host.aheadMs = -5 * 60_000;
  await host.start();
  await host.holds('E_QUOTA');
  host.aheadMs = -5 * 24 * hourMs;
  await host.holds('E_CLOCK', /its direction was issued at .* set it right/);
  host.aheadMs = 500 * 24 * hourMs;
  await host.holds('E_CLOCK', /more than 400 days before/);
  host.aheadMs = 25 * hourMs;
  await host.runs('4.0.0');
});

test('a change that had begun when the window ended is finished by the next agent', async (t) => {
  const host = await Host.create(t);
  const [one, two] = [await host.publish('1.0.0'), await host.publish('2.0.0')];
  const policy = { windows: [period('nights', 2, 2)] };
  await host.direct(one, policy);
  await host.start();
  await host.rests('1.0.0');
  await host.direct(two, policy);
  await host.holds('E_OUTSIDE_WINDOW');
  await host.isReady(two);
  await host.stop();
  const layout = stateLayout(host.joined.stateFolder);
  const accepted = JSON.parse(await readFile(layout.accepted, 'utf8')) as { components: Placed[] };
  const [target] = accepted.components;
  assert.ok(target !== undefined);
  const { journal } = layout.component('pages');
  const line = (step: string, phase: string, code?: string): string =>
    `${JSON.stringify({ at: '2026-01-01T00:00:00Z', step, phase, fingerprint: installFingerprint(target), code })}\n`;
  await mkdir(layout.journal, { recursive: true });
  for (const cutOff of [
    line('preflight', 'begin'),
    `${line('switch', 'begin')}${line('switch', 'failed', 'E_STORAGE')}`,
  ]) {
    await writeFile(journal, cutOff);
    await host.start();
    await host.holds('E_OUTSIDE_WINDOW');
    await host.stop();
    assert.equal(await host.page(), '1.0.0');
  }
  await writeFile(
    journal,
    `${line('preflight', 'begin')}${line('preflight', 'end')}${line('switch', 'begin')}`,
  );
  await host.start();
  await host.runs('2.0.0');
});
