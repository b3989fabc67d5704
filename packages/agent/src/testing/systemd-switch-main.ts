// Services change their version without a gap as units of systemd, run inside of a host of its own:
// node --test systemd-switch-main.ts
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { freePort, startLoad } from '@xylem/testkit';
import { statusOf } from '../supervisor/systemd/systemctl.ts';
import { unitOf } from '../supervisor/systemd/unit.ts';
import { answerAt, blueGreenService } from './blue-green.ts';
import { Bench, converge } from './crash-sweep.ts';
import { temporaryFolder } from './state-folder.ts';

const pidOf = async (instance: string): Promise<number> =>
  (await statusOf([unitOf(instance)])).get(unitOf(instance))?.pid ?? 0;

async function shop(context: TestContext) {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  const [front, blue, green] = [await freePort(), await freePort(), await freePort()];
  const version = (number: string) =>
    blueGreenService({
      component: 'shop',
      version: number,
      ports: [blue, green],
      router: { builtin: { listen: `127.0.0.1:${front}` } },
      drainMs: 2_000,
      graceMs: 5_000,
    });
  const lead = async (path: string) => {
    const result = await converge(state, path, undefined, 'systemd');
    assert.deepEqual(
      [...result.waiting.values()].map(({ message }) => message),
      [],
    );
    assert.ok(result.rested);
    return result;
  };
  return { bench, state, front, blue, green, version, lead };
}

test('each version is a unit of its own; no request is lost on the way there and back', async (context) => {
  const { bench, front, blue, green, version, lead } = await shop(context);
  const [one, two] = [await bench.wanted([version('1.0.0')]), await bench.wanted([version('2.0.0')])];
  await lead(one);
  const first = await pidOf('shop@blue');
  const load = await startLoad(front, 200);
  context.after(() => load.kill());
  await lead(two);
  assert.deepEqual(
    [await answerAt(front), await answerAt(blue), await answerAt(green)],
    ['2.0.0', '1.0.0', '2.0.0'],
  );
  load.mark('back');
  await lead(one);
  assert.equal(await answerAt(front), '1.0.0');
  assert.equal(await pidOf('shop@blue'), first, 'the process that was kept');
  assert.equal(await pidOf('shop@green'), 0, 'what was left is ended');
  const phases = await load.end();
  for (const { sent, answered, faults } of Object.values(phases))
    assert.deepEqual([answered, faults], [sent, {}]);
  context.diagnostic(JSON.stringify(phases));
});
