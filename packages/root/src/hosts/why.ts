import {
  type AdvancePolicy,
  type Deployment,
  errorCodes,
  type HostAssignment,
  type HostId,
  isErrorCode,
  standingOf,
  timeOf,
  type Version,
  type WhyInput,
  why,
  whyAnswer,
} from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { HostWhy } from '../api/schemas/hosts.ts';
import type { Within } from '../auth/access.ts';
import { advancePolicyOf, evidenceOf } from '../deployments/evidence.ts';
import { skipWords } from '../deployments/host-words.ts';
import { deploymentOf, unsettledDeployments } from '../deployments/rows.ts';
import { fullName } from '../environments/names.ts';
import { wantedVersions } from '../fleet/status.ts';
import { openQuarantine } from '../quarantine/refuse.ts';
import type { Root } from '../root.ts';
import { graphOf, installedOf } from '../transitions/graph.ts';
import { wayOf } from '../transitions/paths.ts';
import { waypointReleases } from '../transitions/waypoints.ts';
import type { HostRecord } from './host-rows.ts';
import { pinWords } from './pins.ts';
import { hostNamed } from './select.ts';
import type { HostView } from './view.ts';
import { viewsOf } from './views.ts';

type Link = HostWhy['links'][number];

/** Why a host is not where it should be: core's chain for each product, the first broken link answers. */
export async function whyHost(root: Root, text: string, within: Within): Promise<HostWhy> {
  const host = await hostNamed(root.db, text, within);
  if (host.revoked !== null) {
    const detail = `It was revoked at ${timeOf(host.revoked.atMs)}: ${host.revoked.reason}`;
    const { advice } = errorCodes.E_HOST_REVOKED;
    const link = { link: 'identity', ok: false, detail, advice };
    return { host: { id: host.id, name: host.name }, answer: detail, links: [link] };
  }
  const [view] = await viewsOf(root, [host]);
  if (view === undefined) throw new TypeError('a host has a view');
  const inputs = await inputsOf(root, view);
  const chains = inputs.map((input) => ({ product: input.product, links: why(input) }));
  const broken = chains.find(({ links }) => links.some(({ status }) => status !== 'ok'));
  const links = [
    ...restoreLink(root),
    ...cloneLink(host),
    ...observingLink(view),
    ...chains.flatMap(({ product, links: chain }) =>
      chain.map(({ step, status, sentence }) => ({
        link: chains.length > 1 ? `${product}: ${step}` : step,
        ok: status === 'ok',
        detail: sentence,
        advice: status === 'ok' ? null : adviceIn(sentence),
      })),
    ),
  ];
  const answer =
    links.find((link) => !link.ok && ['restore', 'identity', 'observing'].includes(link.link))?.detail ??
    (broken === undefined ? settledAnswer(view) : whyAnswer(broken.links));
  return { host: { id: host.id, name: host.name }, answer, links };
}

function settledAnswer({ host, direction, report }: HostView): string {
  if (report === null) return `${host.name} has joined and never reported.`;
  return direction.assignments.length === 0 ? 'Nothing is assigned to it.' : 'It runs what it should.';
}

function restoreLink(root: Root): Link[] {
  if (!root.restored.isRestored()) return [];
  const detail =
    'The root server was restored from a backup and directs nothing new until a person confirms.';
  return [{ link: 'restore', ok: false, detail, advice: errorCodes.E_CONFIRM_RESTORE.advice }];
}

function cloneLink({ name, cloned }: HostRecord): Link[] {
  if (cloned === null) return [];
  const detail = `Two machines have the key of ${name}, seen ${timeOf(cloned.sinceMs)}: ${cloned.what} What it reports may be either's.`;
  const advice = `Give one of them a key of its own: stop it, remove the identity folder of its state folder, join it anew; then \`xylem host clear-clone ${name}\`.`;
  return [{ link: 'identity', ok: false, detail, advice }];
}

function observingLink({ host, report }: HostView): Link[] {
  if (report?.observing === undefined) return [];
  const { since, by } = report.observing;
  const refused = (report.adoptions ?? []).filter(
    ({ outcome }) => outcome === 'differs' || outcome === 'refused',
  );
  const said = refused.map(({ message, code }) => ` ${message ?? ''} (${code ?? ''})`).join('');
  const detail = `${host.name} observes since ${since}, by ${by}: it changes nothing but what it adopted.${said}`;
  const isLeft = refused.length > 0 || report.waiting.some(({ code }) => code === 'E_OBSERVING');
  return [{ link: 'observing', ok: !isLeft, detail, advice: isLeft ? errorCodes.E_OBSERVING.advice : null }];
}

/** One for each product that the environment names or the host runs. */
async function inputsOf(root: Root, view: HostView): Promise<WhyInput[]> {
  const { db, clock, directing } = root;
  const { host, report, direction } = view;
  const row = await db
    .selectFrom('environments')
    .selectAll()
    .where('id', '=', host.environment)
    .executeTakeFirstOrThrow();
  const spec = parseEnvironmentYaml(row.yaml, fullName(row));
  const versions = await wantedVersions(root, host.environment);
  const unsettled = (await unsettledDeployments(db, host.environment)).map(deploymentOf);
  const policy = advancePolicyOf(spec.policy.reportEverySeconds);
  const products = new Set([
    ...Object.keys(spec.products),
    ...(report?.components ?? []).map((c) => c.product),
  ]);
  const inputs: WhyInput[] = [];
  for (const product of products) {
    const deployment = unsettled.find((entry) => entry.product === product) ?? null;
    const { standing, held, stratum } = await standingIn(root, deployment, view, policy);
    const skipped = await skipWords(db, host, product);
    const release = await releaseOf(root, product, versions.get(product));
    const mine = ({ product: of }: HostAssignment): boolean => of === product;
    inputs.push({
      product,
      host: { id: host.id as HostId, retired: host.retired },
      spec,
      release: release?.name ?? null,
      withdrawn: release?.withdrawn ?? false,
      quarantined: release === null ? null : await quarantinedIn(root, host.environment, release.name.digest),
      deployment,
      standing,
      held,
      stratum,
      pinned: [...pinWords(host.pinned), ...skipped],
      direction: { assignments: direction.assignments.filter(mine), held: direction.held },
      ...(await throughOf(root, product, report, release?.name.version)),
      number: directing.state(host.environment)?.number ?? 0,
      report,
      now: clock.now(),
      silentAfterMs: policy.offlineAfterMs,
    });
  }
  return inputs;
}

async function standingIn(
  root: Root,
  deployment: Deployment | null,
  { host }: HostView,
  policy: AdvancePolicy,
): Promise<Pick<WhyInput, 'standing' | 'held' | 'stratum'>> {
  const unknown = { standing: null, held: false, stratum: null };
  if (deployment === null) return unknown;
  const nowMs = root.clock.now();
  const [evidence] = await evidenceOf(root.db, deployment, [host], nowMs);
  if (evidence === undefined || evidence.components.length === 0) return unknown;
  const { held, stratum = null } = evidence;
  return { standing: standingOf(deployment, evidence, nowMs, policy), held, stratum };
}

async function releaseOf(root: Root, product: string, version: string | undefined) {
  if (version === undefined) return null;
  const row = await root.db
    .selectFrom('releases')
    .select(['release', 'withdrawn'])
    .where('product', '=', product)
    .where('version', '=', version)
    .executeTakeFirst();
  if (row === undefined) return null;
  type Name = NonNullable<WhyInput['release']>;
  return {
    name: { version: version as Version, digest: row.release as Name['digest'] },
    withdrawn: row.withdrawn === 1,
  };
}

/** What it has still to pass through. */
async function throughOf(
  { db }: Root,
  product: string,
  report: HostView['report'],
  target: Version | undefined,
): Promise<Pick<WhyInput, 'through'>> {
  const graph = target === undefined ? null : await graphOf(db, product);
  if (target === undefined || graph === null) return {};
  const { way } = wayOf(graph, product, installedOf(report ?? undefined, product).values(), target);
  const steps = way.kind === 'steps' ? new Set(way.steps.slice(0, -1)) : new Set<Version>();
  const releases = await waypointReleases(db, product, graph);
  return {
    through: releases
      .filter(({ release }) => steps.has(release.version))
      .map(({ release }) => ({
        version: release.version,
        packages: release.packages.map((one) => one.package),
      })),
  };
}

async function quarantinedIn(root: Root, environment: string, release: string): Promise<string | null> {
  const row = await openQuarantine(root.db, environment, release);
  if (row === undefined) return null;
  return `by ${row.set_by} since ${timeOf(row.since_ms)}: ${row.reason.replace(/\.$/, '')}`;
}

/** The advice of the error code that a sentence names; codes may come from a newer agent, which knows more of them. */
function adviceIn(sentence: string): string | null {
  const [code = ''] = /E_[A-Z_]+/.exec(sentence) ?? [];
  return isErrorCode(code) ? errorCodes[code].advice : null;
}
