import assert from 'node:assert/strict';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  type Digest,
  encodeLift,
  encodeOperators,
  type Lift,
  liftPayloadType,
  type Operators,
  operatorsPayloadType,
  type Quarantine,
  type Time,
  toB64u,
  type Version,
} from '@xylem/core';
import { freePort } from '@xylem/testkit';
import type { JoinedHost, RootFront, TestPackage, Wanted } from '@xylem/testkit/builders';
import { generateKey, type KeyPair, signDocument } from '@xylem/trust';
import { componentOf, reported, Site, webService } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';

const since = '2026-11-21T00:00:00Z' as Time;

type Signed = Readonly<Record<string, unknown>>;

interface Release {
  readonly release: string;
  readonly package: TestPackage;
}

/** A site whose director says what this test wants, with every key but the operators'. */
class Quarantining {
  readonly site: Site;
  readonly front: RootFront;
  readonly host: JoinedHost;
  readonly operator = generateKey();

  private constructor(site: Site, front: RootFront, host: JoinedHost) {
    this.site = site;
    this.front = front;
    this.host = host;
  }

  static async create(t: TestContext): Promise<Quarantining> {
    const site = await Site.create(t);
    const front = await site.front();
    return new Quarantining(site, front, await site.host([front.url]));
  }

  async pages(version: string): Promise<Release> {
    const made = await this.site.publish('pages', version, { 'index.html': version });
    return { release: await this.site.vendor.release(version, [made]), package: made };
  }

  async operators(number: number, key: KeyPair, signers: readonly KeyPair[]): Promise<Signed> {
    const document: Operators = {
      format: 'xylem-operators-1',
      environment: this.site.environment.id,
      number,
      threshold: 1,
      keys: [{ public: toB64u(key.public), name: 'anna' }],
    };
    return { ...(await signDocument(operatorsPayloadType, encodeOperators(document), signers)) };
  }

  quarantine({ release, package: { version } }: Release, id: string): Quarantine {
    return {
      product: 'shop',
      release: release as Digest,
      version: version as Version,
      id: id.repeat(32),
      since,
    };
  }

  async lift(of: Quarantine, signer: KeyPair, changes: Partial<Lift> = {}): Promise<Signed> {
    const { product, release, version, id } = of;
    const lift: Lift = {
      format: 'xylem-quarantine-lift-1',
      environment: this.site.environment.id,
      product,
      release,
      version,
      quarantine: id,
      reason: 'A false alarm.',
      issued: since,
      ...changes,
    };
    return { ...(await signDocument(liftPayloadType, encodeLift(lift), [signer])) };
  }

  async installed(): Promise<string | null> {
    const file = join(this.host.stateFolder, 'components', 'pages', 'current', 'index.html');
    return await readFile(file, 'utf8').catch(() => null);
  }

  /** Waits until the host has accepted what is directed and says `code`, of whichever component. */
  async says(code: string, component: string | null): Promise<string> {
    const number = this.site.environment.state.number;
    const report = await reported(
      this.front,
      this.host,
      `${code} about direction ${number}`,
      ({ direction, waiting }) =>
        direction.number === number &&
        waiting.some((one) => one.code === code && one.component === component),
    );
    return report.waiting.find((one) => one.code === code)?.message ?? '';
  }
}

test('a quarantined release comes to no host until an operator lifts it, whoever directs', async (t) => {
  const q = await Quarantining.create(t);
  const { site } = q;
  const [good, bad] = [await q.pages('1.0.0'), await q.pages('2.0.0')];
  const operators = [await q.operators(1, q.operator, [q.operator])];
  await site.assign([good]);
  const agent = await site.agent(q.host);
  await waitFor('1.0.0', async () => (await q.installed()) === '1.0.0');
  const word = q.quarantine(bad, 'a');
  await site.direct({ operators, quarantined: [word] });
  await reported(q.front, q.host, 'what it remembers', ({ quarantine }) => {
    return quarantine?.operators === 1 && quarantine.held.join() === word.id;
  });

  // Directed all the same, and the word left out: with no parent that would repeat it.
  await site.assign([bad]);
  assert.match(await q.says('E_QUARANTINED', 'pages'), /shop@2\.0\.0 is quarantined/);
  await agent.stop();
  const again = await site.agent(q.host);
  await q.says('E_QUARANTINED', 'pages');

  const thief = generateKey();
  const later = q.quarantine(bad, 'b');
  const attempts: readonly [string, Pick<Wanted, 'lifts' | 'operators'>][] = [
    ['signed by a thief', { lifts: [await q.lift(word, thief)] }],
    ['by operators of his own', { operators: [await q.operators(1, thief, [thief])] }],
    ['by successors of his own', { operators: [...operators, await q.operators(2, thief, [thief])] }],
    ['something that is none', { lifts: [{ nonsense: 1 }] }],
  ];
  for (const [what, words] of attempts) {
    await site.direct(words);
    const code = Object.hasOwn(words, 'lifts') ? 'E_LIFT_INVALID' : 'E_OPERATORS_INVALID';
    await q.says(code, null);
    assert.equal(await q.installed(), '1.0.0', what);
  }
  // Of another environment, and of another quarantine of the same release; with another policy each, so that it is heard
  // that the host has seen it.
  for (const [reportEverySeconds, changes] of [
    [1800, { environment: 'd'.repeat(32) as never }],
    [1801, { quarantine: later.id }],
  ] as const) {
    const lifts = [await q.lift(word, q.operator, changes)];
    await site.direct({ policy: { reportEverySeconds }, lifts });
    await q.says('E_QUARANTINED', 'pages');
    assert.equal(await q.installed(), '1.0.0');
  }
  // The old lift lifts the old quarantine, and not the later one.
  const lift = await q.lift(word, q.operator);
  await site.direct({ quarantined: [later], lifts: [lift] });
  await reported(q.front, q.host, 'the later one', ({ quarantine }) => quarantine?.held.join() === later.id);
  assert.equal(await q.installed(), '1.0.0');
  // Its lift beside nonsense: that is refused alone.
  await site.direct({ lifts: [{ nonsense: 1 }, await q.lift(later, q.operator)] });
  await waitFor('2.0.0', async () => (await q.installed()) === '2.0.0');
  await reported(q.front, q.host, 'nothing held', ({ quarantine }) => quarantine?.held.length === 0);
  await again.stop();
});

test('a change of operators is followed, and only the newest lift', async (t) => {
  const q = await Quarantining.create(t);
  const { site } = q;
  const next = generateKey();
  const bad = await q.pages('2.0.0');
  const word = q.quarantine(bad, 'a');
  const first = await q.operators(1, q.operator, [q.operator]);
  await site.assign([bad]);
  await site.direct({ operators: [first], quarantined: [word] });
  await site.agent(q.host);
  await q.says('E_QUARANTINED', 'pages');
  const operators = [first, await q.operators(2, next, [q.operator, next])];
  await site.direct({ operators, quarantined: [word] });
  await reported(q.front, q.host, 'the change', ({ quarantine }) => quarantine?.operators === 2);
  await site.direct({ operators, lifts: [await q.lift(word, q.operator)] });
  await q.says('E_LIFT_INVALID', null);
  assert.equal(await q.installed(), null);
  await site.direct({ operators, lifts: [await q.lift(word, next)] });
  await waitFor('2.0.0', async () => (await q.installed()) === '2.0.0');
});

test('what runs goes on, over a restart and as what a failed version returns to', async (t) => {
  const q = await Quarantining.create(t);
  const { site } = q;
  const port = await freePort();
  const web = async (version: string, status?: number): Promise<Release> => {
    const { files, document } = webService(
      version,
      port,
      status === undefined ? {} : { status, startTimeoutMs: 300 },
    );
    const made = await site.publish('web', version, files, document);
    return { release: await site.vendor.release(version, [made]), package: made };
  };
  const [running, broken] = [await web('1.0.0'), await web('2.0.0', 500)];
  const operators = [await q.operators(1, q.operator, [q.operator])];
  const asks = (): Promise<string> =>
    fetch(`http://127.0.0.1:${port}/`).then(
      (answer) => answer.text(),
      () => '',
    );
  await site.assign([running]);
  const agent = await site.agent(q.host);
  await waitFor('1.0.0', async () => (await asks()) === '1.0.0');
  await reported(q.front, q.host, 'its health', (report) => componentOf(report, 'web')?.healthy === true);
  await site.direct({ operators, quarantined: [q.quarantine(running, 'a')] });
  await q.says('E_QUARANTINED', 'web');
  assert.equal(await asks(), '1.0.0');
  // Killed like by the machine: it comes up again, from what is on disk.
  const services = await readFile(join(q.host.stateFolder, 'supervisor', 'services.json'), 'utf8');
  const pid = Number(/"pid":\s*(\d+)/.exec(services)?.[1]);
  await agent.stop();
  process.kill(pid, 'SIGKILL');
  await site.agent(q.host);
  await waitFor('1.0.0 again', async () => (await asks()) === '1.0.0');
  await site.assign([broken]);
  const report = await reported(q.front, q.host, 'the refusal', (one) => {
    return componentOf(one, 'web')?.refused?.code === 'E_HEALTH_FAILED';
  });
  assert.equal(componentOf(report, 'web')?.version, '1.0.0');
  await waitFor('1.0.0 after all', async () => (await asks()) === '1.0.0');
});

test('a plan under way ends when its release is quarantined', async (t) => {
  const q = await Quarantining.create(t);
  const { site } = q;
  const [good, bad] = [await q.pages('1.0.0'), await q.pages('2.0.0')];
  await site.assign([good]);
  const operators = [await q.operators(1, q.operator, [q.operator])];
  let isUnderWay = false;
  const said = Promise.withResolvers<void>();
  const agent = await site.agent(q.host, {
    onJournalPoint: async (point) => {
      if (!isUnderWay || point !== 'files/stage/written') return;
      isUnderWay = false;
      const number = agent.status().direction?.number ?? 0;
      await site.direct({ operators, quarantined: [q.quarantine(bad, 'a')] });
      said.resolve();
      await waitFor('the quarantine', () => (agent.status().direction?.number ?? 0) > number);
    },
  });
  await waitFor('1.0.0', async () => (await q.installed()) === '1.0.0');
  isUnderWay = true;
  await site.assign([bad]);
  await said.promise;
  await q.says('E_QUARANTINED', 'pages');
  assert.equal(await q.installed(), '1.0.0');
  const tree = join(q.host.stateFolder, 'components', 'pages', 'trees', bad.package.tree);
  await waitFor('no tree of it', () =>
    access(tree).then(
      () => false,
      () => true,
    ),
  );
});

// What a broken disk did to it, and what an older agent wrote that knew nothing of quarantines: an update taken back.
for (const [what, spoilt] of [
  ['damaged', () => '{"format":"xylem-accepted-1"'],
  [
    'written by an older agent',
    (text: string) => JSON.stringify({ ...JSON.parse(text), quarantine: undefined }),
  ],
] as const) {
  test(`a quarantine outlives an accepted direction that was ${what}`, async (t) => {
    const q = await Quarantining.create(t);
    const { site } = q;
    const [good, bad] = [await q.pages('1.0.0'), await q.pages('2.0.0')];
    await site.assign([good]);
    const operators = [await q.operators(1, q.operator, [q.operator])];
    const agent = await site.agent(q.host);
    await waitFor('1.0.0', async () => (await q.installed()) === '1.0.0');
    await site.direct({ operators, quarantined: [q.quarantine(bad, 'a')] });
    await reported(q.front, q.host, 'what it remembers', ({ quarantine }) => quarantine?.held.length === 1);
    await agent.stop();
    const accepted = join(q.host.stateFolder, 'accepted.json');
    await writeFile(accepted, spoilt(await readFile(accepted, 'utf8')));
    await site.assign([bad]);
    await site.agent(q.host);
    await q.says('E_QUARANTINED', 'pages');
    assert.equal(await q.installed(), '1.0.0');
  });
}
