import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { runHere } from '../testing/run-here.ts';
import { contextOfState } from './contexts.ts';
import { createHome } from './home.ts';

function homeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'xylem-home-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'home');
}
const one = { url: 'http://127.0.0.1:1', token: 'secret-one' };
const two = { url: 'http://127.0.0.1:2', token: 'secret-two' };

describe('contexts', () => {
  it('are kept for nobody else to read, the newest being current', async (t) => {
    const folder = homeFolder(t);
    const home = createHome({ XYLEM_HOME: folder });
    await home.remember('one', one);
    await home.remember('two', two);
    assert.deepEqual(await home.context(), two);
    assert.deepEqual(await home.context('one'), one);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.equal(statSync(join(folder, 'contexts.json')).mode & 0o777, 0o600);
  });

  it('are listed without tokens, and chosen by name', async (t) => {
    const env = { XYLEM_HOME: homeFolder(t) };
    const home = createHome(env);
    await home.remember('one', one);
    await home.remember('two', two);
    assert.match((await runHere(['context', 'use', 'one'], env)).stdout, /127\.0\.0\.1:1 is asked/);
    const { stdout } = await runHere(['context', 'list', '--json'], env);
    assert.deepEqual(JSON.parse(stdout), {
      contexts: [
        { name: 'one', url: one.url, current: true },
        { name: 'two', url: two.url, current: false },
      ],
    });
    const unknown = await runHere(['context', 'use', 'three'], env);
    assert.match(unknown.stderr, /known are: one, two/);
  });

  it('of two checkouts do not take each other’s name and token', () => {
    const first = contextOfState('/a/.xylem', '/a/.xylem', { contexts: {} });
    const contexts = { [first]: { ...one, state: '/a/.xylem' } };
    const second = contextOfState('/b/.xylem', '/b/.xylem', { contexts });
    assert.deepEqual([first, second === first], ['local', false]);
    const both = { contexts: { ...contexts, [second]: { ...two, state: '/b/.xylem' } } };
    assert.equal(contextOfState('/a/.xylem', '/a/.xylem', both), first);
    assert.equal(contextOfState('/b/.xylem', '/a/.xylem', both), second, 'whatever the folder one is in');
    assert.notEqual(contextOfState('/c', '/c/.xylem', { contexts: {} }), 'local');
  });
});

describe('XYLEM_URL and XYLEM_TOKEN', () => {
  const halves: readonly (readonly [NodeJS.ProcessEnv, RegExp])[] = [
    [{ XYLEM_URL: 'http://127.0.0.1:9' }, /XYLEM_TOKEN is not set/],
    [{ XYLEM_TOKEN: 'x' }, /XYLEM_URL is not set/],
    [{ XYLEM_URL: 'nonsense', XYLEM_TOKEN: 'x' }, /XYLEM_URL is "nonsense"/],
  ];
  for (const [env, message] of halves) {
    it(`by ${Object.keys(env).join(' and ')} alone mean no other root server`, async (t) => {
      const folder = homeFolder(t);
      await createHome({ XYLEM_HOME: folder }).remember('one', one);
      const { code, stderr } = await runHere(['status'], { XYLEM_HOME: folder, ...env });
      assert.match(stderr, message);
      assert.equal(code, 2);
    });
  }
});
