import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cleanup } from '@xylem/testkit';
import { attacks, held } from './all.ts';
import { AttackLab } from './lab.ts';

/** They take long, and differ little from others that are tested: `bench/run attacks` tries them. */
const onlyInTheBench = new Set([
  'a relay replays what is old',
  'a relay sends a timestamp byte by byte',
  'a relay sends objects byte by byte',
  'a stolen snapshot key',
  'stolen timestamp and snapshot keys',
]);

const own = cleanup();
let lab: AttackLab;
before(async () => {
  lab = await AttackLab.create(own);
});
after(() => own.run());

for (const attack of attacks.filter(({ name }) => !onlyInTheBench.has(name))) {
  test(attack.name, async (t) => {
    const { tried, succeeded, said } = await held(attack, lab);
    t.diagnostic(`tried ${tried} times; said: ${said.join(', ')}`);
    assert.deepEqual(succeeded, []);
  });
}

test('what nobody published would be noticed', async () => {
  const state = join(lab.folder, 'taken');
  const tree = join(state, 'components', 'payload', 'current');
  const host = { name: 'taken', id: '', state, pid: 0, log: () => '' };
  assert.equal(await lab.holds(host), null);
  mkdirSync(tree, { recursive: true });
  for (const version of ['9.9.9', '1.1.0']) {
    writeFileSync(join(tree, 'version.txt'), version);
    assert.match((await lab.holds(host)) ?? '', /nobody published/);
  }
});

test('docs/security.md has a row for each attack', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'security.md'), 'utf8');
  const missing = attacks.filter(({ name }) => !page.includes(name));
  assert.deepEqual(
    missing.map(({ name }) => name),
    [],
  );
});
