import type { HostAssignment } from '../direction/assignments.ts';
import type { Digest } from '../ids.ts';
import { courseOf } from './course.ts';
import type { Deployment, HostEvidence } from './deployment.ts';
import { isWithin } from './strata.ts';

/** A pin to no package at all: the component is left as it is, installed or not. */
export const noPackage = '0'.repeat(64) as Digest;

/**
 * The pins of the host map for a host that a deployment holds: what it reported where that is a former package, else
 * none, which leaves it as it is. They stand beside the operator's own pins, which win, and go when the host is admitted.
 */
export function heldPins(deployment: Deployment, host: HostEvidence): Readonly<Record<string, Digest>> {
  return Object.fromEntries(
    host.components.map((name): [string, Digest] => {
      const former = deployment.components[name]?.from ?? [];
      const reported = host.reported.find(({ component }) => component === name)?.package;
      return [name, reported !== undefined && former.includes(reported) ? reported : noPackage];
    }),
  );
}

/** The pins of a host that a person took out of a deployment: it stays as it is, whatever that is. */
export function skippedPins({ components }: Pick<HostEvidence, 'components'>) {
  return Object.fromEntries(components.map((name): [string, Digest] => [name, noPackage]));
}

/** Whether a host that is not held is on the other side of its threshold than it was admitted to. Needs no report. */
export function isStray(
  deployment: Deployment,
  { id, admittedAt, held, stratum }: Pick<HostEvidence, 'id' | 'admittedAt' | 'held' | 'stratum'>,
): boolean {
  if (courseOf(deployment.strategy) === null && deployment.strata === undefined) return false;
  const place = stratum === undefined ? { id } : { id, stratum };
  return !held && isWithin(deployment, place) !== (admittedAt !== null);
}

/**
 * The pins for a host whose place its threshold does not say rightly, while thresholds are told by value of a label or
 * a deployment that is judged step by step counts who is exposed: one that was admitted and then got another value keeps what it was given; one that
 * came into a cohort without having been admitted keeps what it runs, or begins with what is settled.
 * @param settled packages by component
 */
export function strayPins(
  deployment: Deployment,
  host: HostEvidence,
  settled: ReadonlyMap<string, Digest>,
): Readonly<Record<string, Digest>> {
  const { kind, components } = deployment;
  if (!isStray(deployment, host)) return {};
  if (host.admittedAt !== null)
    return kind === 'undeploy'
      ? {}
      : Object.fromEntries(
          host.components.map((name): [string, Digest] => [name, components[name]?.to ?? noPackage]),
        );
  const runs = heldPins(deployment, host);
  return Object.fromEntries(
    Object.entries(runs).map(([name, pin]): [string, Digest] => [
      name,
      pin === noPackage ? (settled.get(name) ?? noPackage) : pin,
    ]),
  );
}

/**
 * The pins that keep what a host was given, when new labels would take it away in the middle of a deployment.
 * `unfinished` names the products with one; the pins go when it ends.
 */
export function keptPins(
  before: readonly HostAssignment[],
  after: readonly HostAssignment[],
  unfinished: ReadonlySet<string>,
): Readonly<Record<string, Digest>> {
  const still = new Set(after.map(({ component }) => component));
  return Object.fromEntries(
    before
      .filter(({ component, product }) => unfinished.has(product) && !still.has(component))
      .map((assignment) => [assignment.component, assignment.package]),
  );
}
