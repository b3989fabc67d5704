import { type Probe, type ProbeResult, probeDue, probesFrom, resultOf, timeoutMsOf } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import { askOut, type Clock, isOuterAddress, type Log } from '@xylem/platform';
import type { Database } from '../db/tables.ts';
import { environmentsWatched } from '../deployments/after.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { addressesAnywhere } from './addresses.ts';
import { type AskingStage, askingStages, savePlanResult } from './plan-probes.ts';
import { resultsOf, saveResults } from './rows.ts';

/** Asks users' addresses for environments that say so. */
export interface Prober {
  /** Keeps what came since the last time, and begins to ask what is due; does not wait for answers. */
  go(): Promise<void>;
  /** Asks all of an environment now, and keeps what it saw. */
  askNow(environment: EnvironmentRow): Promise<ProbeResult[]>;
}

export interface ProberOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** A probe of an environment in which a release is looked after says something new. */
  readonly wake: (environment: string) => void;
}

/** Probes that are asked together, and what came of them last. */
interface Asking {
  readonly probes: readonly Probe[];
  readonly anywhere: ReadonlySet<string>;
  readonly last: ReadonlyMap<string, ProbeResult>;
}

interface Known extends Asking {
  readonly version: number;
  readonly last: Map<string, ProbeResult>;
}

interface Answer {
  readonly before: ProbeResult | null;
  readonly result: ProbeResult;
}

/** What is asked at the same time, of all environments; the rest waits for the next round. */
const mostAtOnce = 64;

export function createProber({ db, clock, log, signal, wake }: ProberOptions): Prober {
  const environments = new Map<string, Known>();
  const asking = new Set<string>();
  const now = new Map<string, Promise<ProbeResult[]>>();
  let answered: (Answer & { readonly environment: string })[] = [];
  let answeredPlans: { readonly key: string; readonly of: AskingStage; readonly result: ProbeResult }[] = [];

  async function knownOf(row: EnvironmentRow): Promise<Known> {
    const known = environments.get(row.id);
    if (known?.version === row.yaml_version) return known;
    const { verify = [] } = parseEnvironmentYaml(row.yaml, fullName(row)).policy;
    const probes = probesFrom(verify, 'root');
    const last = new Map((await resultsOf(db, row.id, probes)).map((result) => [result.name, result]));
    const anywhere = await addressesAnywhere(db, row.id);
    const fresh = { version: row.yaml_version, probes, anywhere, last };
    environments.set(row.id, fresh);
    return fresh;
  }

  async function ask({ anywhere, last }: Asking, probe: Probe): Promise<Answer> {
    const { name, url, ca, expect } = probe;
    const seen = await askOut(clock, {
      url,
      allows: anywhere.has(url) ? null : isOuterAddress,
      ca,
      contains: expect?.contains,
      timeoutMs: timeoutMsOf(probe),
      signal,
    });
    const before = last.get(name) ?? null;
    return { before, result: resultOf(probe, seen, clock.now(), before) };
  }

  async function askKnown(known: Known, probe: Probe): Promise<Answer> {
    const answer = await ask(known, probe);
    known.last.set(probe.name, answer.result);
    return answer;
  }

  async function keepPlans(): Promise<void> {
    const kept = answeredPlans;
    answeredPlans = [];
    for (const { key } of kept) asking.delete(key);
    for (const { of, result } of kept) await savePlanResult(db, of, result);
  }

  async function keep(): Promise<void> {
    const kept = answered;
    answered = [];
    await saveResults(
      db,
      kept.map(({ environment, result }) => ({ ...result, environment })),
    );
    const watched = new Set(await environmentsWatched(db));
    const changed = kept.filter(({ before, result }) => result.state !== 'pass' || before?.state !== 'pass');
    for (const environment of new Set(changed.map((one) => one.environment)))
      if (watched.has(environment)) wake(environment);
  }

  async function rowsWithProbes(): Promise<EnvironmentRow[]> {
    const within = db.selectFrom('probe_addresses').select('environment');
    return await db.selectFrom('environments').selectAll().where('id', 'in', within).execute();
  }

  /** Begins to ask those that are due; `asked` ends with its key free, or keeps it. */
  function begin(
    place: string,
    { probes, last }: Asking,
    isClose: boolean,
    asked: (key: string, probe: Probe) => Promise<void>,
  ): void {
    for (const probe of probes) {
      const key = `${place} ${probe.name}`;
      if (asking.size >= mostAtOnce || asking.has(key)) continue;
      if (probeDue(probe, last.get(probe.name) ?? null, isClose) > clock.now()) continue;
      asking.add(key);
      void asked(key, probe).catch((error: unknown) => {
        asking.delete(key);
        log.error('a probe could not be asked', { probe: probe.name, error });
      });
    }
  }

  return {
    go: async () => {
      await keep();
      await keepPlans();
      const watched = new Set(await environmentsWatched(db));
      for (const row of await rowsWithProbes()) {
        const known = await knownOf(row);
        begin(row.id, known, watched.has(row.id), async (key, probe) => {
          const answer = await askKnown(known, probe);
          if (!signal.aborted) answered.push({ environment: row.id, ...answer });
          asking.delete(key);
        });
      }
      for (const of of await askingStages(db)) {
        begin(`${of.plan} ${of.stage}`, of, true, async (key, probe) => {
          const { result } = await ask(of, probe);
          // Not asked again before this is kept, by which its time goes on.
          if (!signal.aborted) answeredPlans.push({ key, of, result });
        });
      }
    },
    askNow: (row) => {
      const running = now.get(row.id);
      if (running !== undefined) return running;
      const asked = (async () => {
        const known = await knownOf(row);
        const all = await Promise.all(known.probes.map((probe) => askKnown(known, probe)));
        const results = all.map(({ result }) => result);
        await saveResults(
          db,
          results.map((result) => ({ ...result, environment: row.id })),
        );
        return results;
      })().finally(() => now.delete(row.id));
      now.set(row.id, asked);
      return asked;
    },
  };
}
