import { parseArgs } from 'node:util';
import { type HostCount, type Strategy, XylemError } from '@xylem/core';
import { systemClock, writeFileAtomic } from '@xylem/platform';
import { replay, type Scenario, simulate, usual } from '@xylem/sim';
import type { Bench } from './bench.ts';

const day = 24 * 3_600_000;

/** One deployment to a simulated fleet, decided by the root server's own code, recorded and decided again. */
export const bench: Bench = {
  usage:
    '[--hosts N] [--seed S] [--max-unavailable COUNT|all] [--breaks SHARE] [--fails-per-day SHARE] [--silent SHARE]\n' +
    '  [--offline SHARE] [--leaves SHARE] [--days D] [--record FILE]: plays one deployment to N simulated hosts, of which\n' +
    '  the new version breaks a share, and replays it from its record (JSON lines); replayDiffers is to be false',
  async run(words, say) {
    const { values } = parseArgs({
      args: [...words],
      options: {
        hosts: { type: 'string', default: '1000' },
        seed: { type: 'string', default: '1' },
        'max-unavailable': { type: 'string', default: '10%' },
        breaks: { type: 'string', default: '0' },
        'fails-per-day': { type: 'string', default: '0' },
        silent: { type: 'string', default: '0.2' },
        offline: { type: 'string', default: '0' },
        leaves: { type: 'string', default: '0' },
        days: { type: 'string', default: '1' },
        record: { type: 'string' },
      },
    });
    const [hosts, seed, days] = [Number(values.hosts), Number(values.seed), Number(values.days)];
    if (!Number.isSafeInteger(hosts) || hosts < 1 || !Number.isSafeInteger(seed) || !(days > 0))
      throw new XylemError(
        'E_INPUT',
        '--hosts is a whole number from 1 on, --seed one, --days a number above 0.',
      );
    const failing = share('--fails-per-day', values['fails-per-day']);
    const scenario: Scenario = {
      ...usual,
      hosts,
      seed,
      strategy: strategyOf(values['max-unavailable']),
      untilMs: days * day,
      breaks: share('--breaks', values.breaks),
      silent: share('--silent', values.silent),
      offline: share('--offline', values.offline),
      leaves: share('--leaves', values.leaves),
      failsEveryMs: failing === 0 ? null : day / failing,
    };
    const lines: string[] = [];
    const beganMs = systemClock.monotonicMs();
    const result = simulate(scenario, (line) => void lines.push(line));
    const ranMs = systemClock.monotonicMs() - beganMs;
    say(`${result.state}: ${result.reason}`);
    if (values.record !== undefined) await writeFileAtomic(values.record, `${lines.join('\n')}\n`);
    const { differsAt } = replay(lines);
    if (differsAt !== null) say(`The replay differs at look ${differsAt}.`);
    return {
      inputs: { hosts, seed, strategy: JSON.stringify(scenario.strategy) },
      figures: {
        succeeded: result.state === 'succeeded',
        failed: result.state === 'failed',
        hostsExposed: result.exposed,
        hostsHarmed: result.harmed,
        simulatedHours: Number((result.tookMs / 3_600_000).toFixed(2)),
        looks: result.looks,
        lookMs: Number((ranMs / result.looks).toFixed(2)),
        replayDiffers: differsAt !== null,
      },
    };
  },
};

function share(flag: string, text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 1)) throw new XylemError('E_INPUT', `${flag} is a share from 0 to 1.`);
  return value;
}

function strategyOf(text: string): Strategy {
  if (text === 'all') return { kind: 'all-at-once' };
  if (!/^([1-9][0-9]{0,6}|(100|[1-9]?[0-9])%)$/.test(text))
    throw new XylemError('E_INPUT', '--max-unavailable is a number of hosts, a share like 10%, or all.');
  const maxUnavailable: HostCount = text.endsWith('%') ? (text as `${number}%`) : Number(text);
  return { kind: 'rolling', maxUnavailable };
}
