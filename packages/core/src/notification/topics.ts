/** `*`, `deployment.*`, `deployment.failed`. */
export const topicPatternSource = '^(\\*|[a-z0-9-]+(\\.[a-z0-9-]+)*(\\.\\*)?)$';

export function topicFits(pattern: string, topic: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('.*') ? topic.startsWith(pattern.slice(0, -1)) : topic === pattern;
}

/** Where something happened. Null: not in one environment; in no one tenant. */
export interface Happened {
  readonly topic: string;
  readonly tenant: string | null;
  /** Full name, `acme/production`. */
  readonly environment: string | null;
}

interface Wanted {
  readonly topics: readonly string[];
  /** `*`, a tenant, or an environment by its full name. */
  readonly scope: string;
}

/** Whether a subscription is told of something (docs/spec/notifications.md). */
export function wantsNotification({ topics, scope }: Wanted, happened: Happened): boolean {
  const isWithin = scope === '*' || scope === happened.tenant || scope === happened.environment;
  return isWithin && topics.some((pattern) => topicFits(pattern, happened.topic));
}
