import type { Deployment, Standing } from '../deployment/deployment.ts';
import { isWithin } from '../deployment/strata.ts';
import type { HostDirection } from '../direction/assignments.ts';
import { configDigest } from '../direction/sealed.ts';
import type { EnvironmentSpec } from '../environment/spec.ts';
import type { Digest, HostId } from '../ids.ts';
import type { Report } from '../wire/report.ts';

export const whySteps = [
  'release',
  'mapping',
  'deployment',
  'admission',
  'direction',
  'trust',
  'components',
] as const;
export type WhyStep = (typeof whySteps)[number];

/** One link of the chain from release to switch. */
export interface WhyLink {
  readonly step: WhyStep;
  readonly status: 'ok' | 'waiting' | 'failed';
  /** One sentence. */
  readonly sentence: string;
}

/** What the root server knows of one host and one product. */
export interface WhyInput {
  readonly product: string;
  readonly host: { readonly id: HostId; readonly retired: boolean };
  readonly spec: EnvironmentSpec;
  /** The release that is meant to run (of the channel, the running deployment, or settled); null: none is known. */
  readonly release: { readonly version: string; readonly digest: Digest } | null;
  readonly withdrawn: boolean;
  /** Who quarantined it in the environment, when and why, in words; null: nobody. */
  readonly quarantined: string | null;
  /** The product's unfinished deployment in the environment. */
  readonly deployment: Deployment | null;
  readonly standing: Standing | null;
  readonly held: boolean;
  /** Its value of the label by which the deployment counts; null: it has none, or there is no such label. */
  readonly stratum: string | null;
  /** Who pinned components of this host, when and why, in words. */
  readonly pinned: readonly string[];
  /** What the present desired state says to this host, the components of this product alone. */
  readonly direction: HostDirection;
  /** Releases that it has still to pass through, with their packages; absent: none. */
  readonly through?: readonly { readonly version: string; readonly packages: readonly Digest[] }[];
  /** The present desired state's number. */
  readonly number: number;
  readonly report: Report | null;
  readonly now: number;
  readonly silentAfterMs: number;
}

const trustCodes = [
  'E_TRUST',
  'E_NOT_VOUCHED',
  'E_BELOW_FLOOR',
  'E_WITHDRAWN',
  'E_QUARANTINED',
  'E_WAYPOINT',
  'E_DEAD_END',
  'E_DOWNGRADE',
  'E_METADATA',
];

/**
 * Why a host is or is not where it should be with a product: every link in order. The first that is not `ok` is the
 * reason; later ones say what is known all the same.
 */
export function why(input: WhyInput): readonly WhyLink[] {
  return [release, mapping, deploymentLink, admission, direction, trust, ...componentsOf(input)].map(
    (link) => (typeof link === 'function' ? link(input) : link),
  );
}

/** One sentence for the whole chain. */
export function whyAnswer(links: readonly WhyLink[]): string {
  return links.find(({ status }) => status !== 'ok')?.sentence ?? 'It runs what it should.';
}

const ok = (step: WhyStep, sentence: string): WhyLink => ({ step, status: 'ok', sentence });
const waiting = (step: WhyStep, sentence: string): WhyLink => ({ step, status: 'waiting', sentence });
const failed = (step: WhyStep, sentence: string): WhyLink => ({ step, status: 'failed', sentence });

function release({ product, release: known, withdrawn, quarantined, spec }: WhyInput): WhyLink {
  const channel = spec.products[product]?.channel;
  const source = channel === undefined ? '' : ` (channel ${product}/${channel})`;
  if (known === null)
    return waiting('release', `No release of ${product}${source} has been chosen for ${spec.name}.`);
  if (withdrawn)
    return failed('release', `${product}@${known.version}${source} has been withdrawn by its publisher.`);
  if (quarantined !== null) {
    const what = `${product}@${known.version}${source} is quarantined in ${spec.name} ${quarantined}`;
    return failed('release', `${what} (E_QUARANTINED).`);
  }
  return ok('release', `${product}@${known.version}${source} is published.`);
}

function mapping({
  product,
  spec,
  host,
  pinned: reasons,
  direction: { assignments, held },
}: WhyInput): WhyLink {
  if (host.retired) return failed('mapping', 'The host is retired and takes no changes.');
  const mapped = Object.hasOwn(spec.products, product) ? spec.products[product] : undefined;
  if (mapped === undefined) return failed('mapping', `The YAML of ${spec.name} does not name ${product}.`);
  if (held.length > 0) {
    const are = held.length === 1 ? 'is' : 'are';
    const because = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`;
    return waiting(
      'mapping',
      `${held.join(', ')} ${are} pinned on this host and kept as installed${because}.`,
    );
  }
  const pinned = assignments.filter((assignment) => assignment.pinned);
  if (pinned.length > 0) {
    return waiting(
      'mapping',
      `Pinned on this host: ${pinned.map(({ component, version }) => `${component} at ${version}`).join(', ')}.`,
    );
  }
  if (assignments.length > 0) {
    const given = assignments.map(({ component, version }) => `${component} ${version}`).join(', ');
    return ok('mapping', `Its labels give it ${given}.`);
  }
  const selectors = Object.entries(mapped.components ?? {}).map(
    ([component, { where }]) => `${component} where ${where}`,
  );
  return failed(
    'mapping',
    `No selector of ${product} in ${spec.name} fits its labels${selectors.length === 0 ? '' : ` (${selectors.join('; ')})`}.`,
  );
}

function deploymentLink({ deployment, product, spec }: WhyInput): WhyLink {
  if (deployment === null)
    return ok('deployment', `No deployment of ${product} is under way in ${spec.name}.`);
  const { id, kind, state, reason, to } = deployment;
  const what = `The ${kind} ${id}${to === null ? '' : ` to ${product}@${to.version}`}`;
  const because = reason === null ? '' : `: ${reason.replace(/\.$/, '')}`;
  if (state === 'running' || state === 'succeeded') return ok('deployment', `${what} is ${state}${because}.`);
  if (state === 'paused') return waiting('deployment', `${what} is paused${because}.`);
  return failed('deployment', `${what} is ${state}${because}.`);
}

function admission({ deployment, standing, held, host, stratum, direction: given }: WhyInput): WhyLink {
  if (deployment === null) return ok('admission', 'Nothing restricts which hosts take it.');
  if (given.assignments.length === 0 && given.held.length > 0)
    return waiting('admission', 'It takes no part in the deployment while it is pinned.');
  if (held)
    return waiting(
      'admission',
      'It was offline when its turn came, or others of its group were not done, and is held; it takes its turn again when it is seen and there is room.',
    );
  if (standing === 'waiting') {
    const within = deployment.kind !== 'undeploy' && isWithin(deployment, { id: host.id, stratum });
    return waiting(
      'admission',
      within
        ? 'It is admitted, but has been offline since before that.'
        : 'Its turn in the deployment has not come yet.',
    );
  }
  if (standing === 'silent') return waiting('admission', 'It was admitted and has been silent since.');
  return ok('admission', 'It is admitted.');
}

function direction(input: WhyInput): WhyLink {
  const { report, number, now, silentAfterMs } = input;
  if (report === null) return waiting('direction', 'It has joined and never reported.');
  const ageMs = now - Date.parse(report.time);
  const age = ageMs > silentAfterMs ? `; its last report is ${Math.round(ageMs / 60_000)} minutes old` : '';
  const parent = report.parent.url === null ? '' : ` by ${report.parent.url}`;
  if (report.direction.number < number) {
    if (age === '' && isAsGiven(input, report))
      return ok(
        'direction',
        `It has seen direction ${report.direction.number}${parent}; the present one, ${number}, gives it what it runs.`,
      );
    return waiting(
      'direction',
      `It has seen direction ${report.direction.number}${parent}, the present one is ${number}${age}.`,
    );
  }
  return age === ''
    ? ok('direction', `It has seen the present direction ${number}${parent}.`)
    : waiting('direction', `It has seen the present direction ${number}${parent}${age}.`);
}

/** Whether it reports what direction gives it of the product, with that configuration, and nothing else. */
function isAsGiven({ product, direction: given }: WhyInput, { components }: Report): boolean {
  const own = components.filter((found) => found.product === product);
  return (
    own.length === given.assignments.length &&
    given.assignments.every(({ component, package: digest, config }) =>
      own.some(
        (found) =>
          found.component === component && found.package === digest && found.config === configDigest(config),
      ),
    )
  );
}

function trust({ report }: WhyInput): WhyLink {
  const refusal = report?.waiting.find(({ code }) => trustCodes.some((prefix) => code.startsWith(prefix)));
  if (refusal !== undefined)
    return failed('trust', `It refuses: ${refusal.message} (${refusal.code}, since ${refusal.since}).`);
  return ok('trust', report === null ? 'Nothing is known to be refused.' : 'It trusts what it was told.');
}

function componentsOf({ report, direction: given, product, through = [] }: WhyInput): WhyLink[] {
  if (report === null) return [waiting('components', 'What it runs is unknown.')];
  const wanted = given.assignments.map((assignment) =>
    componentLink(report, assignment.component, assignment.package, assignment.version, through),
  );
  const assigned = new Set(given.assignments.map(({ component }) => component));
  const others = report.components
    .filter((found) => found.product === product && !assigned.has(found.component))
    .map((found) =>
      given.held.includes(found.component)
        ? componentLink(report, found.component, found.package, found.version, through)
        : waiting('components', `${found.component} ${found.version} is still there and is to be removed.`),
    );
  const links = [...wanted, ...others];
  return links.length === 0
    ? [ok('components', `It should run nothing of ${product}, and reports nothing.`)]
    : links;
}

function componentLink(
  report: Report,
  component: string,
  wanted: Digest,
  version: string,
  through: NonNullable<WhyInput['through']>,
): WhyLink {
  const found = report.components.find((candidate) => candidate.component === component);
  const lastRefused = found?.refused;
  const waypoint = through.find(({ packages }) => packages.some((one) => one === lastRefused?.package));
  const refused = lastRefused?.package === wanted || waypoint !== undefined ? lastRefused : undefined;
  if (refused !== undefined) {
    const on = refused.package === wanted ? '' : `, on the way at ${waypoint?.version},`;
    return failed(
      'components',
      `${component} ${version}${on} was refused on the host: ${refused.message} (${refused.code}).`,
    );
  }
  const wait =
    report.waiting.find((candidate) => candidate.component === component) ??
    report.waiting.find((candidate) => candidate.component === null);
  const because = wait === undefined ? '' : `: ${wait.message} (${wait.code}, since ${wait.since})`;
  if (found === undefined)
    return waiting('components', `${component} ${version} is not installed yet${because}.`);
  if (found.package !== wanted)
    return waiting(
      'components',
      `${component} is at ${found.version}, to become ${version}${wayText(through)}${because}.`,
    );
  if (found.state === 'failed' || found.healthy === false)
    return failed('components', `${component} ${version} is ${found.state} and not healthy${because}.`);
  if (found.state === 'stopped' || found.state === 'removing')
    return waiting('components', `${component} ${version} is ${found.state}${because}.`);
  return ok(
    'components',
    `${component} ${version} is ${found.state}${found.healthy === true ? ' and healthy' : ''} since ${found.since}.`,
  );
}

function wayText(through: NonNullable<WhyInput['through']>): string {
  return through.length === 0 ? '' : ` by way of ${through.map(({ version }) => version).join(', ')}`;
}
