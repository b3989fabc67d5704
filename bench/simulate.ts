import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { systemClock } from '@xylem/platform';
import { type Replay, type Result, replay, type Scenario, simulate } from '@xylem/sim';
import type { Bench } from './bench.ts';
import { deliveryUsage, simulateDelivery } from './simulate/delivery.ts';
import { lineFile } from './simulate/line-file.ts';
import { scenarioOf, scenarioOptions } from './simulate/options.ts';

/** One deployment to a simulated fleet, decided by the root server's own code, recorded and decided again. */
export const bench: Bench = {
  usage:
    '[--hosts N] [--seed S] [--strategy rolling|canary|all] [--max-unavailable COUNT] [--max-failed COUNT]\n' +
    '  [--steps COUNT,…] [--bake SECONDS] [--sites N] [--breaks SHARE] [--fails-per-day SHARE] [--silent SHARE]\n' +
    '  [--offline SHARE] [--leaves SHARE] [--joins SHARE] [--relabels SHARE] [--crashes-per-day N] [--days D]\n' +
    '  [--look SECONDS] [--latency SPAN] [--update SPAN] [--record FILE] [--no-replay] | --replay FILE: plays one deployment to N simulated\n' +
    '  hosts, of which the new version breaks a share, and replays it from its record (JSON lines; in FILE they are kept);\n' +
    '  replayDiffers is to be false. COUNT is a number or a share like 10%, SPAN fixed:S, exponential:S or lognormal:S:SPREAD\n' +
    `bench/run simulate ${deliveryUsage}`,
  async run(words, say) {
    if (words.includes('--costs')) return await simulateDelivery(words, say);
    const { values } = parseArgs({
      args: [...words],
      options: {
        ...scenarioOptions,
        record: { type: 'string' },
        replay: { type: 'string' },
        'no-replay': { type: 'boolean', default: false },
      },
    });
    if (values.replay !== undefined) {
      const again = await replayFile(values.replay, say);
      return {
        inputs: { record: values.replay },
        figures: { looks: again.looks, replayDiffers: again.differs !== null },
      };
    }
    const scenario = scenarioOf(values);
    const folder = mkdtempSync(join(tmpdir(), 'xylem-simulation-'));
    try {
      const keeps = values.record !== undefined || !values['no-replay'];
      const file = keeps ? (values.record ?? join(folder, 'record')) : null;
      const { result, ranMs, decidedMs } = play(scenario, file);
      say(`${result.state}: ${result.reason}`);
      const again = file === null || values['no-replay'] ? null : await replayFile(file, say);
      return {
        inputs: { hosts: scenario.hosts, seed: scenario.seed, strategy: JSON.stringify(scenario.strategy) },
        figures: {
          ...figuresOf(result),
          lookMs: Number((decidedMs / result.looks).toFixed(2)),
          looksPerSecond: Number(((1000 * result.looks) / decidedMs).toFixed(2)),
          runSeconds: Number((ranMs / 1000).toFixed(1)),
          peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
          ...(again === null ? {} : { replayDiffers: again.differs !== null }),
        },
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function play(scenario: Scenario, file: string | null) {
  const lines = file === null ? null : lineFile(file);
  const beganMs = systemClock.monotonicMs();
  let decidedMs = 0;
  try {
    const result = simulate(scenario, {
      ...(lines === null ? {} : { record: lines.add }),
      around: (look) => {
        const before = systemClock.monotonicMs();
        const done = look();
        decidedMs += systemClock.monotonicMs() - before;
        return done;
      },
    });
    return { result, decidedMs, ranMs: systemClock.monotonicMs() - beganMs };
  } finally {
    lines?.close();
  }
}

async function replayFile(file: string, say: (line: string) => void): Promise<Replay> {
  const again = await replay(
    createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY }),
  );
  if (again.differs !== null) say(`The replay differs at look ${again.differs.look}: ${again.differs.how}`);
  return again;
}

function figuresOf({ state, exposed, harmed, tookMs, looks, crashes, back }: Result) {
  return {
    succeeded: state === 'succeeded',
    failed: state === 'failed',
    hostsExposed: exposed,
    hostsHarmed: harmed,
    simulatedHours: hours(tookMs),
    looks,
    crashes,
    ...(back === null
      ? {}
      : { wentBack: back.state === 'succeeded', backHours: hours(back.tookMs), hostsNotBack: back.left }),
  };
}

const hours = (ms: number): number => Number((ms / 3_600_000).toFixed(2));
