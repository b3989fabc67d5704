import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { JobDetail, JobRuns } from '@xylem/root/contract';
import { startNode, startRoot, waitUntil } from '@xylem/testkit';
import { operatorHere } from './testing/operator-here.ts';

const environment = 'acme/test';
const smoke = `import { writeFileSync } from 'node:fs';
const [greeting, does] = process.argv.slice(2);
console.log(greeting + ' from ' + process.env.XYLEM_COMPONENT + ' ' + process.env.XYLEM_VERSION);
const last = does === 'bad' ? '<failure message="the cart is empty"/>' : '';
writeFileSync(process.env.XYLEM_JOB_FOLDER + '/junit.xml',
  '<testsuite name="cart"><testcase name="opens"/><testcase name="pays">' + last + '</testcase></testsuite>');
writeFileSync(process.env.XYLEM_JOB_FOLDER + '/steps.log', 'one step\\n');
if (does === 'hang') setInterval(() => 0, 1000);
`;
/* biome-ignore-start lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
const manifest = `product: shop
component: shop-api
version: 1.0.0
folder: files
configDefaults: { greeting: hello }
jobs:
  smoke: { command: ['\${node}', smoke.mjs, '\${config.greeting}'], timeout: 1m, junit: junit.xml, logs: [steps.log] }
  broken: { command: ['\${node}', smoke.mjs, '\${config.greeting}', bad], junit: junit.xml }
  endless: { command: ['\${node}', smoke.mjs, '\${config.greeting}', hang] }
`;
/* biome-ignore-end lint/suspicious/noTemplateCurlyInString: the same */

test('jobs of a package run once on a host behind a relay, and show what they found', {
  timeout: 230_000,
}, async (t) => {
  const { at, xylem, json } = await operatorHere(t, 'job');
  await startRoot(xylem, at('root'), 'acme');
  writeFileSync(
    at('test.yaml'),
    `environment: ${environment}\nproducts:\n  shop:\n    components:\n      shop-api: { where: name = far }\n`,
  );
  await json(`env create ${environment} --file ${at('test.yaml')}`);
  const relay = await startNode(xylem, { name: 'relay', environment, state: at('relay'), serve: true });
  await startNode(xylem, { name: 'far', environment, state: at('far'), parent: relay });
  mkdirSync(at('package/files'), { recursive: true });
  writeFileSync(at('package/files/smoke.mjs'), smoke);
  writeFileSync(at('package/xylem.yaml'), manifest);
  await json(`package publish ${at('package')}`);
  await json('release create shop@1.0.0 --with shop-api@1.0.0');
  await json(`deploy shop@1.0.0 --to ${environment} --strategy all-at-once --yes --watch --timeout 60`);

  const ran = await json<JobRuns>(`job run shop-api smoke --in ${environment} --wait --timeout 60`);
  const [run] = ran.runs;
  assert.ok(run);
  assert.deepEqual([run.state, run.host.name, run.tests?.tests], ['passed', 'far', 2]);
  const shown = await json<JobDetail>(`job show ${run.id.slice(0, 12)}`);
  assert.equal(shown.output?.text, 'hello from shop-api 1.0.0\n');
  assert.equal(shown.logs[0]?.text, 'one step\n');
  assert.match(shown.junit?.text ?? '', /^<testsuite name="cart">/);
  assert.match(shown.report ?? '', /application\/vnd\.xylem\.report\+json/);

  const broken = ['job', 'run', 'shop-api', 'broken', '--in', environment, '--wait'];
  await assert.rejects(xylem.show(broken), /ended with 9.*1 of 2 tests failed\. The first: pays/s);
  const { runs } = await json<JobRuns>('job list --job broken');
  const failed = ['job', 'show', runs[0]?.id ?? ''];
  await assert.rejects(xylem.show(failed), /ended with 9.*2 tests, 1 failed\n\s+failed: pays: the cart/s);

  const { runs: begun } = await json<JobRuns>(`job run shop-api endless --in ${environment}`);
  const id = begun[0]?.id ?? '';
  const stateOf = async (): Promise<string> => (await json<JobDetail>(`job show ${id}`)).state;
  await waitUntil(async () => (await stateOf()) === 'running', 60_000, 'the job to run');
  await xylem.end('far', 'SIGKILL');
  await xylem.start('far', ['agent', 'run', '--state', at('far')]);
  await waitUntil(
    async () => (await json<JobRuns>('job list --job endless')).runs[0]?.state === 'interrupted',
    60_000,
    'the interruption to be told',
  );
  const records = await readdir(join(at('far'), 'jobs'));
  assert.equal(records.length, 3);
  const record = await readFile(join(at('far'), 'jobs', `${id}.json`), 'utf8');
  assert.match(record, /"outcome":"interrupted"/);
});
