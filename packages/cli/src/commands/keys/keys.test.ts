import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { cleanup, type Program, program, tempFolder, waitUntil, xylemEntry } from '@xylem/testkit';

interface RoleLine {
  readonly environment: string | null;
  readonly role: string;
  readonly threshold: number;
  readonly held: readonly string[];
  readonly keys: readonly string[];
  readonly warning: string | null;
}
interface Listed {
  readonly roles: readonly RoleLine[];
  readonly keys: readonly { readonly key: string; readonly what: string; readonly custody: string }[];
}

describe('keys over several machines, a real root server, a relay and a host below it', {
  timeout: 480_000,
}, () => {
  const clean = cleanup();
  let folder = '';
  let anna: Program;
  let bernd: Program;
  let carla: Program;
  let relayUrl = '';
  const at = (name: string): string => join(folder, name);
  const state = (name: string): string => at(`state-${name}`);
  const machine = (name: string): Program => program({ entry: xylemEntry, home: at(name), logs: at('logs') });

  const list = async (who = anna, ...words: string[]): Promise<Listed> =>
    (await who.command(['keys', 'list', ...words])) as Listed;
  const role = async (name: string, who = anna, ...words: string[]): Promise<RoleLine> => {
    const inEnvironment = words.includes('--env');
    const { roles } = await list(who, ...words);
    const found = roles.find((one) => one.role === name && (one.environment !== null) === inEnvironment);
    assert.ok(found, name);
    return found;
  };
  /** A key that is made on another machine, as the file of its public half. */
  const foreignKey = async (who: Program, name: string): Promise<string> => {
    const out = at(`${name}.pub.json`);
    const { keyid } = (await who.command(['keys', 'create', 'root', '--out', out])) as { keyid: string };
    const exported = (await who.command(['keys', 'export', keyid.slice(0, 16)])) as { keyid: string };
    assert.equal(exported.keyid, keyid);
    return out;
  };
  const installed = async (component: string, host = 'web'): Promise<string> =>
    readFile(join(state(host), 'components', component, 'current', 'page.html'), 'utf8').catch(() => '');

  /** @returns where it serves, for a relay */
  async function joinHost(name: string, parent: string, serve: readonly string[] = []): Promise<string> {
    const made = await anna.command(['token', 'create', '--env', 'production', ...serve]);
    const { token } = made as { token: string };
    await anna.command(['join', parent, '--token', token, '--name', name, '--state', state(name), ...serve]);
    const listen = serve.length === 0 ? [] : ['--listen', '127.0.0.1:0'];
    const ready = await anna.start(name, ['agent', 'run', '--state', state(name), ...listen]);
    return (ready as { url?: string }).url ?? '';
  }

  async function publish(version: string, who = anna): Promise<void> {
    const made = at(`pages-${version}`);
    await mkdir(join(made, 'tree'), { recursive: true });
    await writeFile(join(made, 'tree', 'page.html'), version);
    await writeFile(
      join(made, 'xylem.yaml'),
      `product: shop\ncomponent: pages\nversion: ${version}\nfolder: tree\n`,
    );
    await who.command(['package', 'publish', made]);
    await who.command(['release', 'create', `shop@${version}`, '--with', `pages@${version}`]);
  }
  const deploy = (version: string): Promise<unknown> =>
    anna.command(['deploy', `shop@${version}`, '--to', 'production', '--watch', '--yes', '--timeout', '60']);

  before(async () => {
    folder = await tempFolder(clean, 'keys');
    anna = machine('anna');
    bernd = machine('bernd');
    carla = machine('carla');
    const { operatorToken } = (await anna.command([
      'root',
      'init',
      '--state',
      state('root'),
      '--tenant',
      'acme',
    ])) as {
      operatorToken: string;
    };
    const listen = ['--api', '127.0.0.1:0', '--listen', '127.0.0.1:0'];
    const ready = (await anna.start('root', ['root', 'run', '--state', state('root'), ...listen])) as {
      apiUrl: string;
      nodesUrl: string;
    };
    const { apiUrl, nodesUrl } = ready;
    for (const who of [anna, bernd]) await who.command(['login', apiUrl, '--token', operatorToken]);
    await writeFile(
      at('production.yaml'),
      'environment: acme/production\nproducts:\n  shop:\n    components:\n      pages: { where: all }\n',
    );
    await anna.command(['env', 'create', 'acme/production', '--file', at('production.yaml')]);
    relayUrl = await joinHost('relay', nodesUrl, ['--serve']);
    await joinHost('web', relayUrl);
    await publish('1.0.0');
    await deploy('1.0.0');
  });
  after(async () => {
    await anna.stop();
    await clean.run();
  });

  it('lists roles, who may sign them, and how the keys are kept', async () => {
    const { keys } = await list();
    assert.deepEqual(keys.map(({ what, custody }) => `${what} ${custody}`).toSorted(), [
      'root open',
      'shop open',
      'targets open',
    ]);
    const root = await role('root');
    assert.deepEqual([root.threshold, root.held.length, root.warning], [1, 1, null]);
    assert.equal((await role('director', anna, '--env', 'production')).held.length, 0);
    assert.match(await anna.show(['keys', 'list']), /product:shop +1 of 1 +20/);
  });

  it('passes the root to two of three people, each on a machine of their own', async () => {
    const files = [await foreignKey(bernd, 'bernd'), await foreignKey(carla, 'carla')];
    const file = at('root.ceremony');
    const words = files.flatMap((one) => ['--add', one]);
    await anna.command(['ceremony', 'begin', 'root', ...words, '--threshold', '2', '--out', file, '--yes']);
    await assert.rejects(anna.command(['ceremony', 'finish', file]), /E_THRESHOLD.*1 of the 2/);
    // Carla's machine knows no root server.
    assert.match(
      await carla.show(['ceremony', 'show', file]),
      /root: 2 of 3 keys must sign \(before: 1 of 1\)/,
    );
    await assert.rejects(carla.command(['ceremony', 'sign', file]), /E_CONFIRMATION/);
    await carla.command(['ceremony', 'sign', file, '--yes']);
    await anna.command(['ceremony', 'finish', file]);
    assert.deepEqual((await role('root')).threshold, 2);
    await assert.rejects(anna.command(['keys', 'rotate', 'targets', '--yes']), /E_THRESHOLD.*1 of the 2/);
    // What is published next is built on the new chain, and a host takes it.
    await publish('1.1.0');
    await deploy('1.1.0');
    assert.equal(await installed('pages'), '1.1.0');
  });

  it('recovers from the loss of one root key of three', async () => {
    const keys = join(at('anna'), 'keys');
    const lost = (await readdir(keys)).find((name) => name.startsWith('root-')) ?? '';
    const lostId = lost.slice('root-'.length, -'.json'.length);
    await rm(join(keys, lost));
    const file = at('lost.ceremony');
    const successor = await foreignKey(bernd, 'successor');
    const words = ['--remove', lostId, '--add', successor, '--out', file, '--yes'];
    await bernd.command(['ceremony', 'begin', 'root', ...words]);
    await carla.command(['ceremony', 'sign', file, '--yes']);
    await bernd.command(['ceremony', 'finish', file]);
    const root = await role('root', bernd);
    assert.equal(root.held.length, 2);
    assert.ok(root.keys.every((id) => !id.startsWith(lostId)));
  });

  it('replaces a lost publisher key, and hosts go on', async () => {
    const keys = join(at('anna'), 'keys');
    const lost = (await readdir(keys)).find((name) => name.startsWith('shop-')) ?? '';
    await rm(join(keys, lost));
    await assert.rejects(publish('1.2.0'), /E_KEY_INVALID/);
    await anna.command(['keys', 'rotate', 'product:shop', '--yes']);
    await publish('1.2.0');
    await deploy('1.2.0');
    assert.equal(await installed('pages'), '1.2.0');
  });

  it('revokes a stolen publisher key: what it alone signed is listed where it runs and never installed again', async () => {
    const thief = machine('thief');
    await cp(at('anna'), at('thief'), { recursive: true });
    await publish('6.6.6', thief);
    await deploy('6.6.6');
    assert.equal(await installed('pages'), '6.6.6');
    const [stolen = ''] = (await role('product:shop')).keys;
    const keep = ['1.0.0', '1.1.0', '1.2.0'].flatMap((version) => ['--keep', `shop@${version}`]);
    const said = (await anna.command(['keys', 'revoke', stolen, ...keep, '--yes'])) as {
      withdrawn: string[];
      running: { component: string; version: string; names: string[] }[];
    };
    assert.deepEqual(said.withdrawn, ['shop@6.6.6']);
    assert.deepEqual(
      said.running.map(({ version, names }) => [version, names]),
      [['6.6.6', ['relay', 'web']]],
    );
    // It is still directed, and a host that comes now does not take it.
    await joinHost('late', relayUrl);
    const refuses = async (): Promise<boolean> =>
      /E_WITHDRAWN|E_NOT_VOUCHED/.test(JSON.stringify(await anna.command(['host', 'show', 'late'])));
    await waitUntil(refuses, 30_000, 'the new host to refuse what the stolen key signed');
    assert.equal(await installed('pages', 'late'), '');
    // The thief signs on, and nobody takes it.
    await assert.rejects(publish('6.6.7', thief), /E_KEY_INVALID|E_METADATA_SIGNATURE/);
    await deploy('1.2.0');
    assert.equal(await installed('pages'), '1.2.0');
    assert.equal(await installed('pages', 'late'), '1.2.0');
    const shown = (await anna.command(['release', 'show', 'shop@6.6.6'])) as { withdrawn: boolean };
    assert.equal(shown.withdrawn, true);
    await assert.rejects(deploy('6.6.6'), /E_WITHDRAWN|E_RELEASE_RETIRED/);
    await publish('1.3.0');
    await deploy('1.3.0');
    assert.equal(await installed('pages'), '1.3.0');
  });

  it('replaces a lost or stolen director key of an environment', async () => {
    const before = await role('director', anna, '--env', 'production');
    await anna.command(['keys', 'rotate', 'director', '--env', 'production', '--yes']);
    const next = await role('director', anna, '--env', 'production');
    assert.notDeepEqual(next.keys, before.keys);
    await publish('1.4.0');
    await deploy('1.4.0');
    assert.equal(await installed('pages'), '1.4.0');
    for (const online of ['snapshot', 'timestamp', 'root']) {
      await anna.command(['keys', 'rotate', online, '--env', 'production', '--yes']);
    }
    await publish('1.5.0');
    await deploy('1.5.0');
    assert.equal(await installed('pages'), '1.5.0');
  });

  it("lets a person's key sign an environment's root beside the root server's", async () => {
    const file = await foreignKey(bernd, 'beside');
    await anna.command(['keys', 'add', 'root', '--env', 'production', '--public', file, '--yes']);
    assert.equal((await role('root', anna, '--env', 'production')).keys.length, 2);
    assert.equal((await role('root', bernd, '--env', 'production')).held.length, 1);
  });

  it("takes an environment's root key, without which nobody rotates its keys", async () => {
    await anna.command(['keys', 'take-root', '--env', 'production', '--yes']);
    assert.equal((await role('root', anna, '--env', 'production')).held.length, 1);
    await assert.rejects(
      bernd.command(['keys', 'rotate', 'director', '--env', 'production', '--yes']),
      /E_THRESHOLD/,
    );
    await anna.command(['keys', 'rotate', 'director', '--env', 'production', '--yes']);
    await anna.command(['keys', 'rotate', 'root', '--env', 'production', '--yes']);
    await publish('1.6.0');
    await deploy('1.6.0');
    assert.equal(await installed('pages'), '1.6.0');
  });

  it('signs targets and a product anew, without another root', async () => {
    const file = at('renew.ceremony');
    const root =
      (await anna.show(['keys', 'list'])).split('\n').find((line) => line.startsWith('root')) ?? '';
    await anna.command(['ceremony', 'begin', 'targets', 'product:shop', '--out', file, '--yes']);
    assert.match(await anna.show(['ceremony', 'show', file]), /All have signed/);
    await anna.command(['ceremony', 'finish', file]);
    assert.ok((await anna.show(['keys', 'list'])).includes(root));
  });

  it('rotates the online keys of the release repository by a ceremony', async () => {
    for (const online of ['snapshot', 'timestamp']) {
      const file = at(`${online}.ceremony`);
      await bernd.command(['keys', 'rotate', online, '--out', file, '--yes']);
      await bernd.command(['ceremony', 'finish', file]);
    }
    await publish('1.7.0');
    await deploy('1.7.0');
    await waitUntil(async () => (await installed('pages')) === '1.7.0', 20_000, 'the host to follow');
  });
});
