import type { IncidentKind } from '../incidents/signs.ts';
import type { IncidentDemand, TestDemand } from './policy.ts';

/** One that stands open in an environment, of a product or of none. */
export interface OpenIncident {
  readonly id: string;
  readonly kind: IncidentKind;
  readonly product: string | null;
  readonly title: string;
  readonly isAcknowledged: boolean;
}

/** They say nothing of what runs: a question, a plan's end (what it left on hosts shows there), metadata that ends soon. */
const saysNothing: ReadonlySet<IncidentKind> = new Set([
  'deployment-asks',
  'plan-asks',
  'plan-failed',
  'expiring',
]);

/**
 * Which open incidents are in the way of a product in an environment, a clause for people; null: none. Those of other
 * products are not, nor those that say nothing of what runs. Pure.
 */
export function incidentsMissing(
  open: readonly OpenIncident[],
  {
    product,
    demand,
    environment,
  }: { readonly product: string; readonly demand: IncidentDemand; readonly environment: string },
): string | null {
  const inTheWay = open.filter(
    (one) =>
      !saysNothing.has(one.kind) &&
      (one.product === null || one.product === product) &&
      (demand === 'none' || !one.isAcknowledged),
  );
  const [first] = inTheWay;
  if (first === undefined) return null;
  const more = inTheWay.length > 1 ? ` and ${inTheWay.length - 1} more` : '';
  const state = demand === 'none' ? 'open' : 'not acknowledged';
  return `${environment} has incidents that are ${state}: ${first.id} (${first.title.replace(/\.$/, '')})${more}`;
}

/** What became of one run of a test job. */
export interface TestRun {
  readonly host: string;
  readonly component: string;
  readonly job: string;
  /** Only what a program's end said counts: `passed`, `failed`, `timed-out`. */
  readonly state: string;
}

const verdicts: ReadonlySet<string> = new Set(['passed', 'failed', 'timed-out']);

/** Whether a run came to an end that says something of what it tested. */
export const isVerdict = ({ state }: Pick<TestRun, 'state'>): boolean => verdicts.has(state);

/**
 * Which tests have not passed, a clause for people; null: all have. Of each host its newest run that came to an end
 * counts: one must have passed, and none may have failed. Pure.
 * @param runs of the release in the environment, the newest first
 */
export function testsMissing(
  runs: readonly TestRun[],
  demanded: readonly TestDemand[],
  { environment, version }: { readonly environment: string; readonly version: string },
): string | null {
  for (const { component, job } of demanded) {
    const newest = new Map<string, string>();
    for (const run of runs) {
      if (run.component !== component || run.job !== job || !isVerdict(run)) continue;
      if (!newest.has(run.host)) newest.set(run.host, run.state);
    }
    const said = [...newest.values()];
    const failed = said.filter((state) => state !== 'passed').length;
    const named = `the test ${job} of ${component}`;
    if (failed > 0)
      return `${named} did not pass with ${version} on ${failed} of ${said.length} hosts of ${environment}`;
    if (said.length === 0)
      return `${named} has not passed with ${version} in ${environment}: \`xylem job run ${component} ${job} --in ${environment}\``;
  }
  return null;
}
