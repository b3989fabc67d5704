import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { freePort } from '@xylem/testkit';
import { answerAt, blueGreenService } from '../../testing/blue-green.ts';
import { Bench, converge } from '../../testing/crash-sweep.ts';
import { temporaryFolder } from '../../testing/state-folder.ts';

suite('a service that changes its version behind the built-in forwarder', () => {
  test('starts beside the old, gets the traffic, keeps the old warm, and goes back to the very process', async (context) => {
    const bench = new Bench(await temporaryFolder(context));
    const state = await bench.state(context);
    const [front, blue, green] = [await freePort(), await freePort(), await freePort()];
    const version = (number: string) =>
      blueGreenService({
        component: 'api',
        version: number,
        ports: [blue, green],
        router: { builtin: { listen: `127.0.0.1:${front}` } },
      });
    const one = await bench.wanted([version('1.0.0')]);
    const two = await bench.wanted([version('2.0.0')]);
    const plans: string[][] = [];
    const noted = (wanted: string) =>
      converge(state, wanted, ({ steps }) => plans.push(steps.map(({ kind }) => kind)));
    const first = await noted(one);
    assert.ok(first.rested);
    assert.equal(await answerAt(front), '1.0.0');
    const process = first.slots.get('api')?.running?.instance;
    const second = await noted(two);
    assert.ok(second.rested);
    assert.equal(await answerAt(front), '2.0.0');
    assert.equal(await answerAt(blue), '1.0.0', 'the old one stays');
    assert.ok((second.slots.get('api')?.running?.warm?.leftMs ?? 0) > 0);
    const back = await noted(one);
    assert.ok(back.rested);
    assert.equal(await answerAt(front), '1.0.0');
    assert.equal(back.slots.get('api')?.running?.instance, process, 'the process that was kept');
    assert.equal(await answerAt(green), null, 'what was left is ended');
    assert.deepEqual(plans, [
      ['reserve', 'fetch', 'stage', 'preflight', 'start', 'probe', 'route', 'switch', 'commit'],
      ['reserve', 'fetch', 'stage', 'preflight', 'start', 'probe', 'route', 'switch', 'drain', 'commit'],
      ['probe', 'route', 'switch', 'drain', 'commit'],
      ['stop'],
    ]);
    const none = await bench.wanted([]);
    assert.ok((await converge(state, none)).rested);
    assert.equal(await answerAt(front), null);
  });
});
