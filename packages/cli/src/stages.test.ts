import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ResponseOf } from '@xylem/root/contract';
import {
  type Cleanup,
  cleanup,
  type Program,
  program,
  startNode,
  startRoot,
  waitUntil,
  xylemEntry,
} from '@xylem/testkit';
import { type Api, openApi } from './api/client.ts';
import { createHome } from './home/home.ts';
import { type OperatorHere, operatorHere } from './testing/operator-here.ts';
import { writeShopWeb } from './testing/shop-web.ts';

const patience = 90_000;
const environments = { dev: 'acme/development', stage: 'acme/staging', prod: 'beta/production' };
type HostName = keyof typeof environments;
const hostNames = Object.keys(environments) as HostName[];

const planFile = (version: string): string => `release: shop@${version}
stages:
  - { name: development, to: acme/development, tests: [{ component: shop-web, job: smoke }] }
  - { name: staging, to: acme/staging, tests: [{ component: shop-web, job: smoke }], onFail: rollback }
  - { name: production, to: beta/production, ask: true }
`;

describe('three stages of two tenants behind a relay', { timeout: 300_000 }, () => {
  const own: Cleanup & { run(): Promise<void> } = cleanup();
  let here: OperatorHere;
  let apiUrl = '';
  let api: Api;
  const run = (line: string): Promise<string> => here.xylem.show(line.split(' '));
  const json = <T>(words: string | readonly string[]): Promise<T> => here.json<T>(words);
  const mark = (host: HostName, name: string): string =>
    here.at(host, 'components', 'shop-web', 'data', name);
  /** The version that is well there. */
  const runs = async (name: string): Promise<string | undefined | null> => {
    const { components } = await api.call('hostShow', { params: { host: name } });
    return components.find(({ component, healthy }) => component === 'shop-web' && healthy)?.version;
  };
  const publish = async (version: string): Promise<void> => {
    await run(`package publish ${here.at('package')} --version ${version}`);
    await run(`release create shop@${version} --with shop-web@${version}`);
  };
  const writeYaml = (host: HostName, more = ''): void => {
    const where = host === 'dev' ? '"name in (dev, relay)"' : `name = ${host}`;
    const [, stage] = environments[host].split('/');
    writeFileSync(
      here.at('environment.yaml'),
      `environment: ${environments[host]}\nstage: ${stage}\nproducts:\n  shop: { components: { shop-web: { where: ${where} } } }\n${more}`,
    );
  };
  const apply = async (host: HostName, more: string): Promise<void> => {
    writeYaml(host, more);
    await run(`env apply ${environments[host]} --file ${here.at('environment.yaml')}`);
  };
  const planned = async (version: string): Promise<string> => {
    writeFileSync(here.at('plan.yaml'), planFile(version));
    return (await json<ResponseOf<'planCreateFile'>>(`plan --file ${here.at('plan.yaml')}`)).id;
  };
  const plan = (id: string) => api.call('planShow', { params: { id } });
  const agent = (name: string): Promise<unknown> =>
    here.xylem.start(name, ['agent', 'run', '--state', here.at(name)]);
  const person = async (name: string): Promise<Program> => {
    writeFileSync(here.at('password'), 'a password of some length');
    await run(`person create ${name} --role approver --in beta --password-file ${here.at('password')}`);
    const xylem = program({ entry: xylemEntry, home: here.at(`home-${name}`), logs: here.at('logs') });
    await xylem.show(['login', apiUrl, '--as', name, '--password-file', here.at('password')]);
    return xylem;
  };
  let people: Program[] = [];
  const approved = async (id: string): Promise<void> => {
    for (const one of people) await one.show(['plan', 'approve', id]);
  };

  before(async () => {
    here = await operatorHere(own, 'stages');
    const { xylem, at } = here;
    const root = await startRoot(xylem, at('root'), 'acme');
    apiUrl = root.apiUrl;
    api = await openApi(await createHome({ XYLEM_HOME: at('home') }).context(), {});
    own.after(() => api.close());
    writeShopWeb(at('package'));
    for (const host of hostNames) {
      writeYaml(host);
      await run(`env create ${environments[host]} --file ${at('environment.yaml')}`);
    }
    const tokenWords = ['--serves', '*'];
    const relay = {
      name: 'relay',
      environment: environments.dev,
      state: at('relay'),
      serve: true,
      tokenWords,
    };
    const parent = await startNode(xylem, relay);
    await Promise.all(
      hostNames.map((name) =>
        startNode(xylem, { name, environment: environments[name], state: at(name), parent }),
      ),
    );
    await publish('1.0.0');
    await run('deploy shop@1.0.0 --to acme/development --watch --yes --timeout 120');
    await run('deploy shop@1.0.0 --to acme/staging --watch --yes --timeout 120');
    await run('deploy shop@1.0.0 --to beta/production --watch --yes --timeout 120');
    await apply('prod', 'policy: { approvals: [{ of: 2 }], fourEyes: true, preflight: required }\n');
    people = [await person('ann'), await person('bob')];
  });
  after(async () => {
    await here.xylem.stop();
    for (const name of [...hostNames, 'relay']) await here.xylem.endServices(here.at(name));
    await own.run();
  });

  it('a test that fails stops the plan and takes back its stage', async () => {
    await publish('2.0.0');
    writeFileSync(mark('stage', 'cart-is-empty'), '');
    writeFileSync(mark('prod', 'no-licence'), '');
    const id = await planned('2.0.0');
    await approved(id);
    await assert.rejects(
      run(`deploy --plan ${id} --watch --timeout 120`),
      /ended with 9.*staging failed: smoke of shop-web failed on stage in acme\/staging/s,
    );
    const tests = await api.call('jobList', { query: { environment: environments.stage } });
    const [failed] = tests.runs;
    assert.equal(failed?.state, 'failed');
    await assert.rejects(
      run(`job show ${failed?.id}`),
      /ended with 9.*1 tests?, 1 failed\n\s+failed: pays: the cart is empty.*smoke of 2\.0\.0.*steps\.log\n\s*one step/s,
    );
    await waitUntil(async () => (await runs('stage')) === '1.0.0', patience, 'staging to be taken back');
    assert.equal(await runs('dev'), '2.0.0', 'the stage before had passed');
    assert.equal(await runs('prod'), '1.0.0');
  });

  it('asks before production, whose host says beforehand that it can not', async () => {
    rmSync(mark('stage', 'cart-is-empty'));
    const id = await planned('2.0.0');
    await approved(id);
    await assert.rejects(
      run(`deploy --plan ${id} --watch --timeout 120`),
      /ended with 5.*xylem plan resume/s,
    );
    assert.equal(await runs('stage'), '2.0.0');
    const beforehand = async () => (await plan(id)).stages[2]?.environments[0]?.preflights;
    await waitUntil(async () => (await beforehand())?.counts.failed === 1, patience, 'the hook to fail');
    assert.match(
      await run(`plan show ${id}`),
      /Beforehand in beta\/production: prod, shop-web: failed .*no licence/,
    );
    rmSync(mark('prod', 'no-licence'));
    await run(`plan preflight ${id}`);
    await waitUntil(async () => (await beforehand())?.counts.passed === 1, patience, 'the hook to pass');
    await run(`plan resume ${id} --reason well`);
    assert.match(await run(`plan show ${id} --watch --timeout 120`), /finished/);
    assert.equal(await runs('prod'), '2.0.0');
  });

  it('one host tries again what it refused, though its agent was away and ended; one is left out', async () => {
    const state = async (id: string): Promise<string> =>
      (await api.call('deploymentShow', { params: { id } })).state;
    const became = (id: string, what: string) =>
      waitUntil(async () => (await state(id)) === what, patience, `${id} to be ${what}`);
    const failing = async (version: string): Promise<string> => {
      await publish(version);
      writeFileSync(mark('dev', 'ill'), '');
      const words = '--strategy rolling --max-unavailable 2 --max-failed 1 --bake 5';
      const { deployments } = await json<ResponseOf<'deploymentCreate'>>(
        `deploy shop@${version} --to acme/development ${words} --yes`,
      );
      const [id = ''] = deployments.map((one) => one.id);
      await became(id, 'paused');
      return id;
    };
    const first = await failing('3.0.0');
    assert.match(await run(`deployment show ${first}`), /E_HEALTH_FAILED.*\n +dev: .*the check ended with 3/);
    await here.xylem.end('dev', 'SIGKILL');
    rmSync(mark('dev', 'ill'));
    await run(`deployment retry ${first} dev --reason mended`);
    await agent('dev');
    await here.xylem.end('dev', 'SIGKILL');
    await agent('dev');
    await waitUntil(async () => (await runs('dev')) === '3.0.0', patience, 'it to try again');
    await run(`deployment resume ${first}`);
    await became(first, 'succeeded');

    const second = await failing('4.0.0');
    await run(`deployment skip ${second} dev --reason broken`);
    await run(`deployment resume ${second}`);
    await became(second, 'succeeded');
    rmSync(mark('dev', 'ill'));
    const why = () => api.call('hostWhy', { params: { host: 'dev' } });
    const isWell = async () => (await why()).links.find(({ link }) => link === 'components')?.ok === true;
    await waitUntil(isWell, patience, 'what it keeps to be well');
    assert.match((await why()).answer, /kept as installed: skipped in d-\w+ by operator .*: broken/);
    assert.deepEqual([await runs('dev'), await runs('relay')], ['3.0.0', '4.0.0']);
    assert.match(await run(`deployment show ${second}`), /skipped/);
    await assert.rejects(run(`deployment retry ${second} dev --reason late`), /E_DEPLOYMENT_STATE/);
  });

  it('a tag becomes what hosts run, and what a person took back does not come again', async () => {
    const repository = here.at('repository');
    const git = (...words: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...words], {
        cwd: repository,
      });
    mkdirSync(repository);
    git('init', '-q');
    writeFileSync(
      here.at('site.yaml'),
      `source: site\ngit: { repository: "file://${repository}", tags: "v*" }\npackages: [{ folder: ., manifest: page.yaml }]\nchannel: edge\n`,
    );
    writeFileSync(here.at('page.yaml'), 'product: site\ncomponent: page\nversion: 0.0.0\nfolder: .\n');
    const page = join(here.at('dev'), 'components', 'page', 'current', 'page');
    const tagged = async (version: string): Promise<void> => {
      writeFileSync(join(repository, 'page'), version);
      git('add', '.');
      git('commit', '-q', '-m', version);
      git('tag', `v${version}`);
      await run(`source sync ${here.at('site.yaml')}`);
    };
    const follows = (more = '') =>
      apply('dev', `  site: { channel: edge, components: { page: { where: name = dev } } }\n${more}`);
    const newest = async (): Promise<string> => {
      const query = { environment: environments.dev };
      const { deployments } = await api.call('deploymentList', { query });
      const [last] = deployments.filter(({ product }) => product === 'site');
      return `${last?.kind} ${last?.version} ${last?.state}`;
    };
    const settled = (what: string) => waitUntil(async () => (await newest()) === what, patience, what);
    await tagged('1.0.0');
    await follows();
    await settled('deploy 1.0.0 succeeded');
    await tagged('1.1.0');
    await settled('deploy 1.1.0 succeeded');
    assert.equal(readFileSync(page, 'utf8'), '1.1.0');
    await run('rollback site --in acme/development --watch --yes --timeout 120');
    assert.equal(readFileSync(page, 'utf8'), '1.0.0');
    await run(`source sync ${here.at('site.yaml')}`);
    await follows('policy: { maxUnavailable: 50% }\n');
    assert.equal(
      await newest(),
      'rollback 1.0.0 succeeded',
      'neither the source nor the channel bring it again',
    );
    await tagged('1.2.0');
    await settled('deploy 1.2.0 succeeded');
    assert.equal(readFileSync(page, 'utf8'), '1.2.0');
  });
});
