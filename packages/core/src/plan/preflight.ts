import { sha256 } from '../hashing.ts';

/** What hosts said beforehand of a plan (docs/spec/plans.md, Preflights), the worst first. */
export const preflightOutcomes = ['failed', 'unable', 'silent', 'asked', 'unasked', 'passed'] as const;
export type PreflightOutcome = (typeof preflightOutcomes)[number];

/** What a plan changes on a host. */
export interface PreflightPart {
  readonly host: string;
  readonly name: string;
  readonly component: string;
  /** Digest of what comes. */
  readonly package: string;
}

/** An order to look, and what became of it. */
export interface PreflightRun {
  readonly id: string;
  readonly host: string;
  readonly component: string;
  readonly package: string;
  /** As of a run of a job. */
  readonly state: string;
  /** What it said last; null: nothing to say. */
  readonly note: string | null;
}

/** What a host said of one component that stands in the way, or is still to come. */
export interface PreflightWord extends Omit<PreflightPart, 'package'> {
  readonly outcome: Exclude<PreflightOutcome, 'passed' | 'unasked'>;
  /** By which what it printed is found. */
  readonly run: string;
  readonly note: string | null;
}

export interface PreflightSeen {
  /** Hosts, each by the worst of its components. */
  readonly counts: Readonly<Record<PreflightOutcome, number>>;
  /** The worst first, then by name. */
  readonly words: readonly PreflightWord[];
}

const outcomeOfState: Readonly<Record<string, PreflightOutcome>> = {
  passed: 'passed',
  failed: 'failed',
  'timed-out': 'failed',
  refused: 'unable',
  interrupted: 'unable',
  lost: 'silent',
};

/** What an order became; what is not over yet was asked. */
export const preflightOutcome = (state: string): PreflightOutcome => outcomeOfState[state] ?? 'asked';

/**
 * What became of a part, by the newest order for its package; undefined: nobody was asked. Pure.
 * @param runs the newest first
 */
export function preflightRunOf(
  runs: readonly PreflightRun[],
): (part: Omit<PreflightPart, 'name'>) => PreflightRun | undefined {
  const newest = new Map<string, PreflightRun>();
  for (const run of runs) if (!newest.has(keyOf(run))) newest.set(keyOf(run), run);
  return (part) => newest.get(keyOf(part));
}

/** What counts of what hosts said: of each part the newest order for its package. Pure. @param runs the newest first */
export function preflightSeen(parts: readonly PreflightPart[], runs: readonly PreflightRun[]): PreflightSeen {
  const runOf = preflightRunOf(runs);
  const worst = new Map<string, PreflightOutcome>();
  const words: PreflightWord[] = [];
  for (const part of parts) {
    const run = runOf(part);
    const outcome = run === undefined ? 'unasked' : preflightOutcome(run.state);
    const before = worst.get(part.host) ?? 'passed';
    worst.set(part.host, rank(outcome) < rank(before) ? outcome : before);
    if (run === undefined || outcome === 'passed' || outcome === 'unasked') continue;
    const { host, name, component } = part;
    words.push({ host, name, component, outcome, run: run.id, note: run.note });
  }
  const counts = Object.fromEntries(preflightOutcomes.map((outcome) => [outcome, 0])) as Record<
    PreflightOutcome,
    number
  >;
  for (const outcome of worst.values()) counts[outcome] += 1;
  return { counts, words: words.sort(byWorst) };
}

/** Whether a deployment may begin by what hosts said. Pure. */
export function preflightOpen({ counts }: PreflightSeen, isRequired: boolean): boolean {
  return (
    counts.failed === 0 &&
    (!isRequired || preflightOutcomes.every((one) => one === 'passed' || counts[one] === 0))
  );
}

/** Of how many hosts there is what, those that there are none of left out. Pure. */
export function preflightText(counts: PreflightSeen['counts']): string {
  const hosts = preflightOutcomes.reduce((sum, one) => sum + counts[one], 0);
  const others = preflightOutcomes.filter((one) => one !== 'passed' && counts[one] > 0);
  const rest = others.map((one) => `${counts[one]} ${preflightWords[one]}`);
  return [`${counts.passed} of ${hosts} hosts passed`, ...rest].join(', ');
}

const preflightWords: Readonly<Record<string, string>> = {
  failed: 'failed',
  unable: 'could not say',
  silent: 'did not answer',
  asked: 'have not answered yet',
  unasked: 'were not asked',
};

/** In the order in which hosts are drawn for a sample: the same at each attempt. Pure. */
export function drawnFor(plan: string, hosts: readonly string[]): string[] {
  const places = new Map(hosts.map((host) => [host, sha256(`${plan}/${host}`)]));
  return [...hosts].sort((a, b) => ((places.get(a) ?? '') < (places.get(b) ?? '') ? -1 : 1));
}

const keyOf = ({ host, component, package: digest }: Omit<PreflightPart, 'name'>): string =>
  `${host} ${component} ${digest}`;

const rank = (outcome: PreflightOutcome): number => preflightOutcomes.indexOf(outcome);

const byWorst = (a: PreflightWord, b: PreflightWord): number => {
  if (a.outcome !== b.outcome) return rank(a.outcome) - rank(b.outcome);
  return `${a.name} ${a.host} ${a.component}` < `${b.name} ${b.host} ${b.component}` ? -1 : 1;
};
