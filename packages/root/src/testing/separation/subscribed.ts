import type { RootFixture } from '../root-fixture.ts';
import type { Place } from './places.ts';

interface Subscribed {
  readonly subscription: string;
  readonly delivery: string;
}

/** Without a mail server nothing goes anywhere. */
export const mailTo = { kind: 'mail' as const, to: 'ops@mail.example', topics: ['nothing'] };

/** What is not there for anybody. */
export const noSubscription: Subscribed = {
  subscription: `n-${'0'.repeat(12)}`,
  delivery: `msg_${'0'.repeat(24)}`,
};

const made = new WeakMap<RootFixture, Map<string, Promise<Subscribed>>>();

/** A subscription of a place with a delivery, the same each time. */
export async function subscribed({ tenant, live }: Place, root: RootFixture): Promise<Subscribed> {
  if (tenant === 'cedar') return noSubscription;
  const known = made.get(root) ?? new Map<string, Promise<Subscribed>>();
  made.set(root, known);
  const one = known.get(live.name) ?? make(live.name, root);
  known.set(live.name, one);
  return await one;
}

async function make(scope: string, root: RootFixture): Promise<Subscribed> {
  const { subscription } = await root.api('subscriptionCreate', { body: { ...mailTo, scope } });
  const { id } = await root.api('subscriptionTest', { params: { id: subscription.id } });
  return { subscription: subscription.id, delivery: id };
}
