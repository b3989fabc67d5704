import { XylemError } from '@xylem/core';
import type { ResponseOf } from '@xylem/root/contract';
import { list, text, type Values } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';

type Subscription = ResponseOf<'subscriptionShow'>;
type Delivery = ResponseOf<'deliveryShow'>;

/** What a subscription tells, and of where: of mails and of webhooks. */
export const tellingOptions = {
  topics: list('<pattern>', 'what to tell, as deployment.* or deployment.failed; may be given many times'),
  environment: text('<environment>', 'only what happens there'),
  tenant: text('<tenant>', 'only what happens in its environments'),
};

/** @throws XylemError E_INPUT where nothing is to be told */
export function tellingIn({ topics, environment, tenant }: Values<typeof tellingOptions>) {
  if (topics.length > 0) return { topics: [...topics], scope: environment ?? tenant ?? '*' };
  throw new XylemError(
    'E_INPUT',
    "Say what to tell: --topics 'deployment.*', or --topics '*' for everything.",
  );
}

export function subscriptionsTable(subscriptions: readonly Subscription[], nothing: string): string {
  return tabulate(
    ['ID', 'TO', 'TOPICS', 'SCOPE', 'STATE', 'WAITING', 'DEAD'],
    subscriptions.map(({ id, target, topics, scope, plan = null, disabled, pending, dead }) => [
      id,
      target,
      topics.join(' '),
      plan ?? scope,
      disabled === null ? 'on' : 'disabled',
      pending,
      dead,
    ]),
    nothing,
  );
}

export function subscriptionText(one: Subscription): string {
  const lines = [
    `${one.id}: ${one.target}`,
    `Told of ${one.topics.join(', ')} in ${one.scope === '*' ? 'the whole installation' : one.scope}.`,
    `Made by ${one.createdBy}, ${one.created}. Waiting: ${one.pending}, dead: ${one.dead}.`,
  ];
  if (one.kind === 'webhook' && !one.anywhere) lines.push('It reaches the public network alone.');
  if (one.oldSecretUntil !== null) lines.push(`The old secret signs, too, until ${one.oldSecretUntil}.`);
  if (one.disabled !== null) lines.push(`Disabled ${one.disabled.time}: ${one.disabled.reason}`);
  return lines.join('\n');
}

export const secretText = (secret: string | null): string =>
  `The secret that it is signed by, shown this once:\n\n    ${secret ?? ''}\n`;

export function deliveriesTable(deliveries: readonly Delivery[], nothing: string): string {
  return tabulate(
    ['ID', 'HAPPENED', 'TOPIC', 'SUBJECT', 'TO', 'STATE', 'ATTEMPTS', 'LAST', 'NEXT'],
    deliveries.map((one) => [
      one.id,
      one.happened,
      one.topic,
      one.subject,
      one.target,
      one.state,
      one.attempts,
      one.outcome ?? '',
      one.next ?? '',
    ]),
    nothing,
  );
}

export const deliveryText = ({ id, target, state }: Delivery): string =>
  `${id} to ${target} is ${state === 'pending' ? 'on its way' : state}. \`xylem webhook deliveries\` says what becomes of it.`;
