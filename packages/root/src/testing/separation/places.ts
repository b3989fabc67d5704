import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { Time } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { fakeHost } from '../fake-host.ts';
import { publisher } from '../publisher.ts';
import type { RootFixture } from '../root-fixture.ts';

/** What one tenant has, filled with names and digests that are recognised wherever they turn up. */
export interface Place {
  readonly tenant: string;
  readonly live: Site;
  readonly test: Site;
  readonly product: string;
  readonly component: string;
  readonly domain: string;
  readonly package: string;
  readonly release: string;
  /** An API token of this tenant. */
  readonly apiToken: string;
}

/** One environment. */
export interface Site {
  readonly name: string;
  readonly id: string;
  readonly host: string;
  readonly hostName: string;
  readonly deployment: string;
  /** The run of a job. */
  readonly job: string;
  readonly plan: string;
  readonly joinToken: string;
  readonly incident: string;
}

const fullDisk = {
  component: null,
  code: 'E_DISK_FULL',
  message: 'The disk is full.',
  since: '2026-01-01T00:00:00Z' as Time,
};

async function incidentIn(root: RootFixture, environment: string): Promise<string> {
  let id: string | undefined;
  await waitUntil(async () => {
    const { incidents } = await root.api('incidentList', { query: { environment } });
    id = incidents[0]?.id;
    return id !== undefined;
  }, 30_000);
  return id ?? '';
}

/** Names have five letters in each place, so that answers about them have one length. */
export async function fillPlace(
  t: Pick<TestContext, 'after'>,
  root: RootFixture,
  tenant: string,
): Promise<Place> {
  const product = `${tenant}-shop`;
  const component = `${tenant}-web`;
  const shop = await publisher(t, root, product);
  const files = { 'index.html': `${tenant} ${'x'.repeat(100)}` };
  const jobs = { smoke: { command: ['true'] } };
  const digest = await shop.publish(component, '1.0.0', files, { document: { jobs } });
  const release = await shop.release('1.0.0', { [component]: '1.0.0' });
  await shop.setChannel('stable', '1.0.0');
  const fillSite = async (environment: string): Promise<Site> => {
    const name = `${tenant}/${environment}`;
    const { id } = await root.api('environmentCreate', { body: { name } });
    const labels = { site: `${tenant}-${environment}-site` };
    const used = await root.api('tokenCreate', { body: { environment: name, labels } });
    const hostName = `${tenant}-${environment}-1`;
    const host = await fakeHost(root, used.token, { name: hostName });
    const { deployments } = await root.api('deploymentCreate', {
      body: { kind: 'deploy', product, version: '1.0.0', environments: [name] },
    });
    const state = await host.desiredState(await tempFolder(t, 'tuf'));
    await host.report(state.assignments, { waiting: [fullDisk] });
    const deployment = deployments[0]?.id ?? '';
    const { id: plan } = await root.api('planCreate', {
      body: { kind: 'deploy', product, version: '1.0.0', environments: [name] },
    });
    const { id: joinToken } = await root.api('tokenCreate', { body: { environment: name } });
    const params = { tenant, environment };
    const ordered = await root.api('jobRun', { params, body: { component, job: 'smoke' } });
    const job = ordered.runs[0]?.id ?? '';
    const incident = await incidentIn(root, name);
    return { name, id, host: host.id, hostName, deployment, plan, job, joinToken, incident };
  };
  const live = await fillSite('live');
  const test = await fillSite('test');
  const { id: apiToken } = await root.api('apiTokenCreate', {
    body: { name: `${tenant}-api`, grants: [{ role: 'viewer', scope: tenant }] },
  });
  return { tenant, live, test, product, component, domain: shop.domain, package: digest, release, apiToken };
}

/** A place of the same shape that does not exist. */
export function unknownPlace(tenant: string): Place {
  const made = (what: string, digits: number): string =>
    createHash('sha256').update(`${tenant} ${what}`).digest('hex').slice(0, digits);
  const site = (environment: string): Site => ({
    name: `${tenant}/${environment}`,
    id: made(`${environment} id`, 32),
    host: made(`${environment} host`, 32),
    hostName: `${tenant}-${environment}-1`,
    deployment: `d-${made(`${environment} deployment`, 12)}`,
    job: made(`${environment} job`, 32),
    plan: `p-${made(`${environment} plan`, 12)}`,
    joinToken: made(`${environment} token`, 16),
    incident: `i-${made(`${environment} incident`, 12)}`,
  });
  return {
    tenant,
    live: site('live'),
    test: site('test'),
    product: `${tenant}-shop`,
    component: `${tenant}-web`,
    domain: made('domain', 32),
    package: made('package', 64),
    release: made('release', 64),
    apiToken: made('api-token', 16),
  };
}

/** Every value of a place, in one order for all places. */
export function valuesOf(place: Place): string[] {
  const { live, test, ...rest } = place;
  return [...Object.values(live), ...Object.values(test), ...Object.values(rest)] as string[];
}
