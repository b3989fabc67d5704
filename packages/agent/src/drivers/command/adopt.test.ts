import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseCommandQuestion } from '@xylem/core';
import { adoptingHost } from '../../testing/adopting.ts';
import { lineCommand } from '../../testing/packages.ts';

/** A host that observes, in whose file somebody wrote a line by hand. */
async function hostWith(context: TestContext, line: string | null) {
  const host = await adoptingHost(context, 'cron');
  const target = join(host.bench.folder, 'line');
  if (line !== null) writeFileSync(target, `${line}\n`);
  const version = (name: string, flaw?: 'observe') =>
    lineCommand({ component: 'cron', version: name, target, ...(flaw === undefined ? {} : { flaw }) });
  return {
    ...host,
    version,
    line: () => (existsSync(target) ? readFileSync(target, 'utf8').trim() : null),
    looks: () => `${lstatSync(target).ino} ${lstatSync(target).ctimeMs}`,
    /** Which of its programs ran, in order. */
    ran: (): string[] =>
      existsSync(`${target}.asked`)
        ? readFileSync(`${target}.asked`, 'utf8')
            .trim()
            .split('\n')
            .map((asked) => parseCommandQuestion(asked).operation)
        : [],
    components: () => readdirSync(join(host.state, 'components')),
  };
}

test('what observe calls applied is adopted without apply, updated by it, and given back as it is', async (context) => {
  const host = await hostWith(context, '1.0.0');
  const before = host.looks();
  const one = host.version('1.0.0');
  await host.run([one]);
  assert.deepEqual(host.ran(), [], 'while a host observes nothing of a package runs');
  assert.equal((await host.order([one]))?.outcome, 'adopted');
  await host.run([one]);
  assert.deepEqual(new Set(host.ran()), new Set(['observe']));
  assert.equal(host.looks(), before);

  const two = host.version('2.0.0');
  await host.run([two]);
  assert.equal(host.line(), '2.0.0');
  const after = host.looks();
  assert.equal((await host.order([two], true))?.outcome, 'given back');
  assert.equal(host.looks(), after);
  assert.ok(!host.ran().includes('remove'));
  assert.deepEqual(host.components(), []);
  const asked = host.ran().length;
  await host.run([two]);
  assert.equal(host.ran().length, asked, 'given back, it is not looked at any more');
});

test('what is not as observe wants it is listed, nothing is changed, and what was brought to look is cleared', async (context) => {
  for (const [line, flaw, outcome, message] of [
    ['mine', undefined, 'differs', /One difference: its observe says: it says mine\./],
    [null, undefined, 'differs', /its observe finds nothing of it here/],
    ['1.0.0', 'observe', 'refused', /E_HOOK_FAILED.*no eyes/],
  ] as const) {
    const host = await hostWith(context, line);
    const one = host.version('1.0.0', flaw);
    const adoption = await host.order([one]);
    assert.equal(adoption?.outcome, outcome);
    assert.match(`${adoption?.code} ${adoption?.message}`, message);
    assert.deepEqual(host.ran(), ['observe']);
    const { waiting } = await host.run([one]);
    assert.equal(waiting.get('cron')?.code, 'E_OBSERVING');
    assert.equal(host.line(), line);
    assert.deepEqual(host.components(), []);
  }
});

test('what was adopted is taken away by its own remove when direction gives it to the host no more', async (context) => {
  const host = await hostWith(context, '1.0.0');
  assert.equal((await host.order([host.version('1.0.0')]))?.outcome, 'adopted');
  await host.run([]);
  assert.equal(host.line(), null);
  assert.equal(host.ran().filter((operation) => operation === 'remove').length, 1);
});
