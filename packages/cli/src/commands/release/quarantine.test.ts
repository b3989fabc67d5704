import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostDetail, HostWhy, Quarantine } from '@xylem/root/contract';
import { program, removeLater, startNode, startRoot, waitUntil, xylemEntry } from '@xylem/testkit';
import { operatorHere } from '../../testing/operator-here.ts';
import { pages, pagesEnvironment, pagesYaml } from '../../testing/pages.ts';

test('operators of two machines lift a quarantine that a host of a real root server holds', {
  timeout: 240_000,
}, async (t) => {
  const here = await operatorHere(t, 'quarantine');
  const { at, xylem: anna } = here;
  const bernd = program({ entry: xylemEntry, home: at('bernd'), logs: at('logs') });
  removeLater(t, () => bernd.stop());
  const { publish, deploy, shown: page } = pages(here);
  const run = async <T>(words: readonly string[], who = anna): Promise<T> =>
    (await who.command([...words])) as T;
  const json = async <T>(line: string, who = anna): Promise<T> => run<T>(line.split(' '), who);
  const refuses = async (words: readonly string[], code: string): Promise<void> => {
    await assert.rejects(run(words), (error: unknown) => String(error).includes(code));
  };

  await startRoot(anna, at('root'), 'acme');
  await pagesEnvironment(here, pagesYaml('name = web'));
  await startNode(anna, { name: 'web', environment: 'acme/production', state: at('web') });
  for (const version of ['1.0.0', '2.0.0']) await publish(version);
  await deploy('1.0.0');

  const word = [
    'release',
    'quarantine',
    'shop@2.0.0',
    '--in',
    'acme/production',
    '--reason',
    'It loses orders.',
  ];
  await refuses(word, 'E_NO_OPERATORS');
  // Two keys, on two machines; both must sign. The root server sees their public halves.
  for (const [name, who] of [
    ['anna', anna],
    ['bernd', bernd],
  ] as const) {
    await json(`keys create operator --out ${at(`${name}.json`)}`, who);
  }
  const file = at('operators.file');
  const publics = ['--public', at('anna.json'), '--public', at('bernd.json'), '--threshold', '2'];
  await refuses(['operators', 'create', 'acme/production', ...publics, '--yes'], 'E_THRESHOLD');
  await run(['operators', 'create', 'acme/production', ...publics, '--out', file, '--yes']);
  await refuses(['ceremony', 'finish', file], 'E_THRESHOLD');
  const shown = await json<{ words: string[]; missing: string[] }>(`ceremony show ${file}`, bernd);
  assert.match(shown.words.join('\n'), /acme\/production.*2 of 2 must sign/);
  assert.equal(shown.missing.length, 1);
  await json(`ceremony sign ${file} --yes`, bernd);
  await json(`ceremony finish ${file}`);
  const { threshold, keys } = await json<{ threshold: number; keys: { here: boolean }[] }>(
    'operators list acme/production',
  );
  assert.equal(threshold, 2);
  assert.deepEqual(keys.map(({ here }) => String(here)).sort(), ['false', 'true']);

  await run(word);
  await refuses(['deploy', 'shop@2.0.0', '--to', 'production', '--yes'], 'E_QUARANTINED');
  const { quarantines } = await json<{ quarantines: Quarantine[] }>('release show shop@2.0.0');
  const [set] = quarantines;
  assert.equal(set?.reason, 'It loses orders.');
  assert.equal(set?.lifted, null);
  const holds = async (): Promise<boolean> =>
    (await json<{ quarantines: Quarantine[] }>('status')).quarantines[0]?.hosts === 1;
  await waitUntil(holds, 30_000, 'the host to remember it');

  const lift = at('lift.file');
  const lifting = ['release', 'lift', 'shop@2.0.0', '--in', 'acme/production', '--reason', 'A false alarm.'];
  await refuses([...lifting], 'E_CONFIRMATION');
  await refuses([...lifting, '--yes'], 'E_THRESHOLD');
  await run([...lifting, '--out', lift, '--yes']);
  await json(`ceremony sign ${lift} --yes`, bernd);
  await json(`ceremony finish ${lift}`);
  await deploy('2.0.0');
  assert.equal(page(), '2.0.0');

  // What runs is quarantined: it goes on, and `host why` says how it stands. Of many environments a pattern fits one.
  for (let count = 1; count <= 11; count += 1) await json(`env create acme/spare-${count}`);
  const at11 = (pattern: string): string[] => word.map((one) => (one === 'acme/production' ? pattern : one));
  await refuses(at11('acme/*'), 'E_NO_OPERATORS');
  await run(at11('acme/prod*'));
  const waiting = async (): Promise<boolean> =>
    (await json<HostDetail>('host show web')).waiting.some(({ code }) => code === 'E_QUARANTINED');
  await waitUntil(waiting, 30_000, 'E_QUARANTINED from the host');
  assert.equal(page(), '2.0.0');
  const why = await json<HostWhy>('host why web').catch(
    (error: { document?: HostWhy; message: string }) => error,
  );
  assert.match(JSON.stringify(why), /quarantined in acme\/production by .*It loses orders/);

  // One key of three from now on, agreed upon by those before.
  const change = at('change.file');
  await run([
    'operators',
    'replace',
    'acme/production',
    '--new',
    '--threshold',
    '1',
    '--out',
    change,
    '--yes',
  ]);
  await json(`ceremony sign ${change} --yes`, bernd);
  await json(`ceremony finish ${change}`);
  await run([...lifting, '--yes']);
  const quiet = async (): Promise<boolean> => !(await waiting());
  await waitUntil(quiet, 30_000, 'the host to be told');
});
