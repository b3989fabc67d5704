/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { EnvironmentId, HostId, Sealed } from '@xylem/core';
import { freePort } from '@xylem/testkit';
import type { JoinedHost, RootFront, TestPackage } from '@xylem/testkit/builders';
import { type AgeIdentity, checkRecipient, generateAgeIdentity, sealValue, wrapDataKey } from '@xylem/trust';
import { componentOf, reported, Site, webService } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';

const canary = 'CANARY-7f3a-of-the-agent';

/** A service whose password is sealed, and who holds the data key. */
class Sealing {
  readonly site: Site;
  readonly front: RootFront;
  readonly host: JoinedHost;
  readonly release: string;
  readonly package: TestPackage;
  readonly place: { environment: EnvironmentId; component: string; key: string };

  private constructor(
    site: Site,
    front: RootFront,
    host: JoinedHost,
    release: string,
    published: TestPackage,
  ) {
    this.site = site;
    this.front = front;
    this.host = host;
    this.release = release;
    this.package = published;
    this.place = { environment: site.environment.id as EnvironmentId, component: 'api', key: 'password' };
  }

  static async create(context: TestContext): Promise<Sealing> {
    const site = await Site.create(context);
    const front = await site.front();
    const web = webService('1.0.0', await freePort());
    const service = {
      ...web.document.service,
      environment: { DATABASE: 'db:${config.password}', PLAIN: 'as it is' },
    };
    const document = {
      ...web.document,
      service,
      configDefaults: { ...web.document.configDefaults, password: '' },
    };
    const published = await site.publish('api', '1.0.0', web.files, document as never);
    const release = await site.vendor.release('1.0.0', [published]);
    return new Sealing(site, front, await site.host([front.url]), release, published);
  }

  async seal(
    data: AgeIdentity,
    generation: number,
    value: string,
    version = randomBytes(16).toString('hex'),
  ) {
    return await sealValue(this.place, value, { generation, version, holder: 'anna@ops' }, data.recipient);
  }

  async assign(sealed: Sealed): Promise<void> {
    const config = { password: { $sealed: sealed } };
    await this.site.assign([{ release: this.release, package: this.package, config }]);
  }

  /** For the recipient that the host itself reported. */
  async wrap(data: AgeIdentity, generation: number): Promise<void> {
    const { host } = this.host.identity;
    const report = await reported(
      this.front,
      this.host,
      'a recipient',
      ({ secrets }) => secrets !== undefined,
    );
    if (report.secrets === undefined) throw new TypeError('it has one');
    checkRecipient({ host: host as HostId, environment: this.place.environment }, report.secrets);
    const place = { environment: this.place.environment, generation, host: host as HostId };
    const wrapped = await wrapDataKey(place, data, report.secrets.recipient);
    const entry = this.site.hosts.get(host);
    if (entry === undefined) throw new TypeError('the site has the host');
    this.site.hosts.set(host, { ...entry, keys: { [generation]: wrapped } });
  }

  async services(): Promise<{ pid: number; text: string }> {
    const text = await readFile(join(this.host.stateFolder, 'supervisor', 'services.json'), 'utf8');
    const { services } = JSON.parse(text) as { services: { process: { pid: number } | null }[] };
    return { pid: services[0]?.process?.pid ?? 0, text };
  }

  async pid(not = 0): Promise<number> {
    return await waitFor('a process', async () => {
      const { pid } = await this.services().catch(() => ({ pid: 0 }));
      return pid > 0 && pid !== not && variables(pid).length > 0 && pid;
    });
  }

  healthy = () =>
    reported(
      this.front,
      this.host,
      'a healthy service',
      (r) => componentOf(r, 'api')?.healthy === true && r.waiting.length === 0,
    );
  waiting = (code: string) =>
    reported(this.front, this.host, code, ({ waiting }) => waiting.some((one) => one.code === code));
}

function variables(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Paths of files below `folder` that hold `text`. */
async function holding(folder: string, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    // A journal goes away when its component is at rest.
    const content = entry.isFile() ? await readFile(path).catch(() => Buffer.alloc(0)) : Buffer.alloc(0);
    if (content.includes(text)) found.push(path);
  }
  return found;
}

/** A service that runs with the plain text of a value sealed by `data`. */
async function withOpenValue(context: TestContext) {
  const sealing = await Sealing.create(context);
  const data = generateAgeIdentity();
  await sealing.assign(await sealing.seal(data, 1, canary));
  await sealing.site.agent(sealing.host);
  await sealing.waiting('E_SECRET_WAITS');
  await sealing.wrap(data, 1);
  await sealing.site.direct();
  await sealing.healthy();
  const pid = await sealing.pid();
  return { sealing, data, pid };
}

test('a service waits for its key, starts with the plain text, and keeps running through a rotation', async (context) => {
  const sealing = await Sealing.create(context);
  const [first, second] = [generateAgeIdentity(), generateAgeIdentity()];
  const sealed = await sealing.seal(first, 1, canary);
  await sealing.assign(sealed);
  const agent = await sealing.site.agent(sealing.host);
  const waits = await sealing.waiting('E_SECRET_WAITS');
  const reason = waits.waiting.find(({ code }) => code === 'E_SECRET_WAITS');
  assert.match(reason?.message ?? '', /api waits for password: .* generation 1 yet\. anna@ops holds it/);
  assert.equal(componentOf(waits, 'api'), undefined, 'nothing was started');

  await sealing.wrap(first, 1);
  await sealing.site.direct();
  await sealing.healthy();
  const pid = await sealing.pid();
  assert.ok(variables(pid).includes(`DATABASE=db:${canary}`));
  assert.ok(variables(pid).includes('PLAIN=as it is'));

  const rotated = await sealing.seal(second, 2, canary, sealed.version);
  await sealing.wrap(second, 2);
  await sealing.assign(rotated);
  await waitFor('the rotation', () => {
    return (agent.status().direction?.number ?? 0) >= 3 && agent.status().converged;
  });
  assert.equal(await sealing.pid(), pid, 'the same value under another key is nothing new');

  await sealing.assign(await sealing.seal(second, 2, `${canary}-new`));
  const next = await sealing.pid(pid);
  assert.ok(variables(next).includes(`DATABASE=db:${canary}-new`));
  assert.ok(!(await sealing.services()).text.includes('CANARY'));
  assert.deepEqual(await holding(sealing.host.stateFolder, 'CANARY'), []);
  // The same search finds what is there.
  assert.notDeepEqual(await holding(sealing.host.stateFolder, 'as it is'), []);
  const keys = await readFile(join(sealing.host.stateFolder, 'identity', 'data-keys.json'), 'utf8');
  assert.ok(!keys.includes('AGE-SECRET-KEY'));
  for (const report of sealing.front.reports.values()) assert.ok(!JSON.stringify(report).includes('CANARY'));
});

test('a supervisor that was killed gets the values again and gives them to the next start', async (context) => {
  const { sealing, pid } = await withOpenValue(context);
  const lock = JSON.parse(await readFile(join(sealing.host.stateFolder, 'supervisor', 'lock'), 'utf8')) as {
    pid: number;
  };
  process.kill(lock.pid, 'SIGKILL');
  process.kill(pid, 'SIGKILL');
  const next = await sealing.pid(pid);
  assert.ok(variables(next).includes(`DATABASE=db:${canary}`));
  await sealing.healthy();
  assert.deepEqual(await holding(sealing.host.stateFolder, canary), []);
});

test('a value of another place is refused, and what runs goes on', async (context) => {
  const { sealing, data, pid } = await withOpenValue(context);
  const given = { generation: 1, version: 'a'.repeat(32), holder: 'anna@ops' };
  const foreign = await sealValue({ ...sealing.place, key: 'other' }, canary, given, data.recipient);
  await sealing.assign(foreign);
  const report = await sealing.waiting('E_SECRET_INVALID');
  assert.ok(!JSON.stringify(report).includes(canary));
  assert.equal(await sealing.pid(), pid);
});
