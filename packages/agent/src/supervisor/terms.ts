import type { PackageDocument } from '@xylem/core';

type Service = NonNullable<PackageDocument['service']>;
export type ServiceLimits = NonNullable<Service['limits']>;

/** How a service is to be run, beyond its command: as its package says it (docs/spec/components/service.md). */
export type ServiceTerms = Pick<
  Service,
  'type' | 'restart' | 'limits' | 'user' | 'group' | 'stopSignal' | 'after' | 'hardening'
>;

/** Undefined for a package that says nothing of it: its service is the one that it always was. Pure. */
export function termsOf(service: Service): ServiceTerms | undefined {
  const { type, restart, limits, user, group, stopSignal, after, hardening } = service;
  const said = Object.entries({ type, restart, limits, user, group, stopSignal, after, hardening });
  const terms = Object.fromEntries(said.filter(([, value]) => value !== undefined)) as ServiceTerms;
  return Object.keys(terms).length === 0 ? undefined : terms;
}

/** Terms that this program wrote, or another of the same version. */
export function isTerms(value: unknown): value is ServiceTerms {
  if (typeof value !== 'object' || value === null) return false;
  const { restart = {}, limits = {}, after = [] } = value as Record<string, unknown>;
  return typeof restart === 'object' && typeof limits === 'object' && Array.isArray(after);
}
