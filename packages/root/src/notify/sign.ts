import { createHmac } from 'node:crypto';
import type { Randomness } from '@xylem/platform';
import type { Subscription } from './subscriptions.ts';

const secretBytes = 32;

/** As receivers keep it: Standard Webhooks 1.0, "Signature scheme". */
export const newSecret = (randomness: Randomness): string =>
  `whsec_${randomness.bytes(secretBytes).toString('base64')}`;

/** By each secret that counts now, the newest first. */
export function signedHeaders(
  { secrets }: Pick<Subscription, 'secrets'>,
  id: string,
  body: Uint8Array,
  nowMs: number,
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signatures = secrets
    .filter(({ untilMs }) => untilMs === null || untilMs > nowMs)
    .map(({ secret }) => {
      const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
      const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body);
      return `v1,${mac.digest('base64')}`;
    });
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
