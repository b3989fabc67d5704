import {
  type DiskHost,
  diskSeen,
  mappingOf,
  parseSelector,
  platformOf,
  selects,
  XylemError,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { advancePolicyOf, heardIn } from '../deployments/evidence.ts';
import { isOnlyObserved } from '../deployments/taking-part.ts';
import { fullName } from '../environments/names.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import { documentsOf } from '../migrations/rows.ts';
import { type Candidate, type Gate, targetOf } from './gate.ts';

const mostNamed = 5;

/** Where too many hosts would refuse it for want of room, nothing begins. */
export const disk: Gate = {
  name: 'disk',
  codes: ['E_DISK_SHORT'],
  concerns: ({ target, isWayBack }) => target !== null && !isWayBack,
  async look(trx, candidate) {
    const { environment, spec } = candidate;
    const { release } = targetOf(candidate);
    const name = fullName(environment);
    const { coming, short, unknown, allowed } = diskSeen(
      await diskHosts(trx, candidate),
      spec.policy.maxUnavailable,
    );
    const silent = unknown === 0 ? '' : ` Of ${unknown} it is not known: no report of late says it.`;
    if (short.length <= allowed) {
      const but = short.length === 0 ? '' : `, and as many as ${allowed} may`;
      return `${short.length} of ${coming} hosts of ${name} that it comes to lack room on their disk${but}.${silent}`;
    }
    const named = short
      .slice(0, mostNamed)
      .map(({ name: host, free, needed }) => `${host} (needs ${needed} bytes, has ${free})`);
    const more = short.length - named.length;
    throw new XylemError(
      'E_DISK_SHORT',
      `${short.length} of ${coming} hosts of ${name} lack room on their disk for ${release.product}@${release.version}, and at most ${allowed} may: ${named.join(', ')}${more > 0 ? `, and ${more} more` : ''}.${silent}`,
      {
        retry: 'later',
        details: { environment: name, short: short.slice(0, 100), shortCount: short.length, unknown },
      },
    );
  },
};

async function diskHosts(trx: Database, candidate: Candidate): Promise<DiskHost[]> {
  const { environment, spec, product, nowMs } = candidate;
  const { packages } = targetOf(candidate).release;
  const mapping = Object.hasOwn(spec.products, product) ? spec.products[product] : undefined;
  const documents = await documentsOf(
    trx,
    packages.map((part) => part.package),
  );
  const parts = packages.flatMap((part) => {
    const mapped = mapping === undefined ? undefined : mappingOf(mapping, part.component);
    const document = documents.get(part.package);
    return mapped === undefined || document === undefined
      ? []
      : [{ ...part, document, selector: parseSelector(mapped.where) }];
  });
  const { reports } = await heardIn(trx, environment.id, nowMs);
  const { offlineAfterMs } = advancePolicyOf(spec.policy.reportEverySeconds);
  const hosts = (await hostsIn(trx, [environment.id])).filter(({ retired, revoked }) => !retired && !revoked);
  return hosts.map((host) => {
    const heard = reports.get(host.id);
    const isRecent = heard !== undefined && nowMs - heard.receivedMs <= offlineAfterMs;
    const own = parts.filter(
      ({ component, selector }) =>
        selects(selector, host) &&
        !Object.hasOwn(host.pinned, component) &&
        !isOnlyObserved(component, heard?.report),
    );
    return {
      name: host.name,
      free: isRecent ? (heard.report.facts.diskFreeBytes ?? null) : null,
      platform: platformOf(heard?.report.facts),
      reported: heard?.report.components ?? [],
      given: new Map(
        own.map(({ component, package: digest, document }) => [component, { package: digest, document }]),
      ),
    };
  });
}
