import type { DesiredState, DomainId, EnvironmentId, RepositoryId } from '@xylem/core';

/** What an environment's hosts may read: its own repository and domain, and those that its desired states name. */
export interface Scope {
  readonly repositories: ReadonlySet<string>;
  readonly domains: ReadonlySet<DomainId>;
}

/** Of the desired state that is served, the one before, and the one that is being fetched. Pure. */
export function scopeOf(environment: EnvironmentId, states: readonly DesiredState[]): Scope {
  const repositories = new Set<string>([environment]);
  const domains = new Set<DomainId>([environment as string as DomainId]);
  for (const state of states) {
    for (const repository of Object.keys(state.repositories)) repositories.add(repository as RepositoryId);
    for (const { repository, domain } of Object.values(state.products)) {
      repositories.add(repository);
      domains.add(domain);
    }
  }
  return { repositories, domains };
}
