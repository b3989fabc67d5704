import { type Parents as Surroundings, XylemError } from '@xylem/core';
import type { Clock, HttpClient, Log, Randomness } from '@xylem/platform';
import type { Turns } from '@xylem/platform/serving';
import {
  afterAnswer,
  afterFault,
  type ComparisonTiming,
  comparisonTiming,
  Fullness,
  httpSource,
  inStanding,
  isObjectPath,
  LinkRate,
  neverAsked,
  type ObjectSource,
  Patience,
  pacedSource,
  Slowness,
  type SourceChoice,
  type Standing,
  sooner,
  untilForgivenMs,
} from '@xylem/store';
import { afterLearning, type Learned, nothingLearned, trimmed } from './learned.ts';

export interface ParentsOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  /** Where to pull from, in order: what the operator said. */
  readonly wanted: () => readonly string[];
  /** Addresses that are passed over: those in the clear, unless someone at this host allowed them. */
  readonly mayUse?: (url: string) => boolean;
  /** What was learned before this start, and where to keep what is. */
  readonly remembered?: { readonly learned: Learned | null; readonly keep: (learned: Learned) => void };
  /** How what comes from a parent is held up; null: not at all. */
  readonly turnsOf?: (url: string, isBackground: boolean) => Turns | null;
  /** Bytes per second that this host's link may carry at present; null: as many as come. */
  readonly mayCarry?: () => number | null;
  /** A parent answers, and none did before. */
  readonly isBack?: () => void;
  /** The longest that a faulty parent is avoided; then it takes its place again. */
  readonly returnToFirstMs: number;
  /** When one that is slow is compared with another. Default: as docs/spec/failover.md says. */
  readonly comparison?: ComparisonTiming;
}

/** What is known of the parent that answered last. */
export interface CurrentParent {
  readonly url: string;
  readonly host: string | null;
}

/** The parents of this host: whoever answers best gives, the others stand by. */
export interface Parents extends SourceChoice {
  /** As they would be asked now, best first. */
  urls(): string[];
  /** Those that the operator named and this host passes over. */
  refused(): string[];
  current(): CurrentParent | null;
  /** This parent answered with more than silence: it is the one in use from now on. */
  use(url: string): void;
  /** Siblings and higher nodes that a parent named: tried after all that the operator named. */
  learn(from: string, said: Surroundings): void;
  /** Others that are in good standing: those beside the one in use, and those above. */
  others(): { readonly equals: readonly string[]; readonly above: readonly string[] };
  source(url: string): ObjectSource;
  /** What they say of their disks. */
  readonly fullness: Fullness;
  /** That one that this host would ask is full; null: none is. */
  full(): XylemError | null;
  /** @param act gets, too, when its source was chosen: monotonic milliseconds */
  attempt<T>(
    path: string,
    act: (source: ObjectSource, chosenMs: number) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>;
  /** Milliseconds until one that the operator named before this one may be asked again; null where none was left at `chosenMs`. */
  betterAgainMs(url: string, chosenMs: number): number | null;
  /** What they gave lately; null: nothing of some length. */
  bytesPerSecond(): number | null;
  /** How long they took to begin an answer, the soonest of the last ones; null: not known. */
  roundTripMs(): number | null;
  /** A fault that was noticed outside of `attempt`. */
  blame(url: string, error: XylemError): void;
}

/** What whoever asks parents works with. */
export interface AsksParents {
  readonly parents: Parents;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  /** Ends the agent. */
  readonly signal: AbortSignal;
}

export function parentsOf(options: ParentsOptions): Parents {
  const { http, clock, randomness, log, mayUse = () => true, turnsOf = () => null } = options;
  const standings = new Map<string, Standing>();
  const slowness = new Slowness(clock, () => randomness.fraction());
  const fullness = new Fullness(clock, () => randomness.fraction(), options.returnToFirstMs);
  const rate = new LinkRate();
  const timing = options.comparison ?? comparisonTiming;
  const patienceOf = (ms: number): Patience => new Patience(ms, () => randomness.fraction());
  let learned = options.remembered?.learned ?? nothingLearned;
  /** In which order this host takes siblings: its own, and the same each time. */
  const ranks = new Map<string, number>();
  let current: CurrentParent | null = null;
  /** Who the parents say that they are, by URL. */
  const hosts = new Map<string, string | null>();
  const sources = new Map<string, ObjectSource>();

  const standingOf = (url: string): Standing => standings.get(url) ?? neverAsked;
  const answered = (url: string): void => {
    standings.set(url, afterAnswer(standingOf(url), clock.monotonicMs()));
  };
  const usable = (all: readonly string[]): string[] => [...new Set(all.map(trimmed))].filter(mayUse);
  const rankOf = (url: string): number => {
    // Whoever is in use stays so.
    if (url === current?.url) return -1;
    const known = ranks.get(url) ?? randomness.fraction();
    ranks.set(url, known);
    return known;
  };
  const beside = (): string[] => learned.siblings.toSorted((a, b) => rankOf(a) - rankOf(b));
  const urls = (path = ''): string[] => {
    const equals = [...options.wanted(), ...beside()];
    const isObject = isObjectPath(path);
    // Higher nodes last: they have the most children to serve.
    const all = usable(isObject ? slowness.inOrder(equals, learned.above) : [...equals, ...learned.above]);
    return inStanding(isObject ? all : fullness.inOrder(all), standings, clock.monotonicMs());
  };
  const sourceOf = (url: string): ObjectSource => {
    const known = sources.get(url);
    if (known !== undefined) return known;
    const made = pacedSource(httpSource(http, url), (isBackground) => turnsOf(url, isBackground));
    sources.set(url, made);
    return made;
  };
  const blame = (url: string, error: XylemError): void => {
    const nowMs = clock.monotonicMs();
    const { returnToFirstMs } = options;
    standings.set(url, afterFault(standingOf(url), error, nowMs, randomness.fraction(), returnToFirstMs));
    log.warn('parent has a fault', { parent: url, cause: error });
    if (current?.url === url) current = null;
  };

  const isGood = (url: string): boolean => standingOf(url).avoidUntilMs <= clock.monotonicMs();

  const rivalsOf = (source: string, among: readonly string[]): ObjectSource[] =>
    usable(among)
      .filter((url) => url !== source && isGood(url) && !slowness.isSlow(url))
      .map(sourceOf);

  const use = (url: string): void => {
    answered(url);
    if (current?.url === url) return;
    log.info('parent', { parent: url });
    const wasAlone = current === null;
    current = { url, host: hosts.get(url) ?? null };
    if (wasAlone) options.isBack?.();
  };

  return {
    urls,
    refused: () => options.wanted().filter((url) => !mayUse(url)),
    blame,
    use,
    current: () => current,
    betterAgainMs: (url, chosenMs) => {
      const wanted = usable(options.wanted());
      const place = wanted.indexOf(url);
      const better = place < 0 ? wanted : wanted.slice(0, place);
      return sooner(
        untilForgivenMs(better, standings, clock.monotonicMs(), chosenMs),
        fullness.dueMs(better, chosenMs),
      );
    },
    learn: (from, said) => {
      const url = trimmed(from);
      const { host } = said.self;
      hosts.set(url, host);
      if (current?.url === url) current = { url, host };
      learned = afterLearning(learned, url, said);
      options.remembered?.keep(learned);
    },
    others: () => {
      const others = usable([...options.wanted(), ...learned.siblings, ...learned.above]).filter(
        (url) => url !== current?.url && isGood(url),
      );
      const above = others.filter((url) => learned.above.includes(url));
      return { equals: others.filter((url) => !above.includes(url)), above };
    },
    source: sourceOf,
    fullness,
    full: () => fullness.fault(urls()),
    comparison: {
      clock,
      timing,
      patience: patienceOf(timing.pacedMs),
      higher: {
        patience: patienceOf(timing.nearlyNothing.afterMs),
        rivalsOf: (source) => rivalsOf(source, learned.above),
      },
      fraction: () => randomness.fraction(),
      rivalsOf: (source) =>
        rivalsOf(source, [...options.wanted(), ...beside()]).filter(
          ({ name }) => !learned.above.includes(name),
        ),
      blame,
      onRead: (bytes, tookMs) => rate.note(bytes, tookMs),
      onAnswer: (tookMs) => rate.answered(tookMs),
    },
    roundTripMs: () => rate.roundTripMs,
    bytesPerSecond: () => lowest(rate.bytesPerSecond, options.mayCarry?.() ?? null),
    attempt: async (path, act, signal) => {
      let worst: XylemError | null = null;
      const chosenMs = clock.monotonicMs();
      for (const url of urls(path)) {
        signal?.throwIfAborted();
        try {
          const result = await act(sourceOf(url), chosenMs);
          answered(url);
          // One that only helped out with an object is not the parent.
          if (current === null) use(url);
          return result;
        } catch (error) {
          signal?.throwIfAborted();
          if (slowness.note(error)) {
            log.warn('parent is slow', { parent: url, cause: error });
            // Whoever fetches goes on, by the new order.
            throw error;
          }
          if (!(error instanceof XylemError) || error.retry !== 'elsewhere') throw error;
          worst = worst === null || isGraver(error, worst) ? error : worst;
          if (!isPartial(error)) blame(url, error);
        }
      }
      throw worst ?? new XylemError('E_PARENT_UNREACHABLE', `There is no parent to fetch ${path} from.`);
    },
  };
}

/** That parents are passed over because they are reached in the clear; null: none. */
export function refusedParents(urls: readonly string[]): XylemError | null {
  if (urls.length === 0) return null;
  return new XylemError(
    'E_PLAIN_HTTP',
    `${urls.join(', ')}: plain HTTP beyond loopback is used only if this host's agent is told so: --allow-plain-http.`,
  );
}

/** Who has not got something, and may be good for all else. */
function isPartial({ code }: XylemError): boolean {
  return code === 'E_OBJECT_MISSING' || code === 'E_METADATA_MISSING' || code === 'E_PARENT_FULL';
}

/** A wrong answer says more than a missing one, and that more than none; a proxy's own fault explains that. */
function isGraver(a: XylemError, b: XylemError): boolean {
  const weight = ({ code }: XylemError): number => {
    if (code.startsWith('E_PARENT') || code === 'E_NETWORK') return 0;
    return code === 'E_PROXY' ? 1 : code.endsWith('_MISSING') ? 2 : 3;
  };
  return weight(a) > weight(b);
}

const lowest = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);
