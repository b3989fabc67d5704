import type { ResponseOf } from '@xylem/root/contract';
import { tabulate } from '../../frame/tabulate.ts';

type Subscription = ResponseOf<'subscriptionShow'>;
type Delivery = ResponseOf<'deliveryShow'>;

/** Both say where; one of them at most. */
export const scopeIn = ({
  environment,
  tenant,
}: {
  readonly environment: string | undefined;
  readonly tenant: string | undefined;
}): string => environment ?? tenant ?? '*';

export function subscriptionsTable(subscriptions: readonly Subscription[], nothing: string): string {
  return tabulate(
    ['ID', 'TO', 'TOPICS', 'SCOPE', 'STATE', 'WAITING', 'DEAD'],
    subscriptions.map(({ id, target, topics, scope, disabled, pending, dead }) => [
      id,
      target,
      topics.join(' '),
      scope,
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
