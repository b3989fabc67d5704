import {
  type AttemptOutcome,
  alertmanagerBody,
  encodeNotification,
  type Notification,
  timeOf,
  XylemError,
} from '@xylem/core';
import { postOut } from '../outgoing/post.ts';
import type { NotificationRow } from './line.ts';
import { signedHeaders } from './sign.ts';
import type { Subscription } from './subscriptions.ts';

export interface Attempted {
  readonly outcome: AttemptOutcome;
  /** For people: what the receiver answered. */
  readonly said: string;
}

export interface Attempt {
  readonly id: string;
  readonly subscription: Subscription;
  readonly notification: NotificationRow;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

export const documentOf = (row: NotificationRow): Notification => ({
  format: 'xylem-notification-1',
  type: row.topic,
  timestamp: timeOf(row.time_ms),
  data: {
    tenant: row.tenant,
    environment: row.environment,
    subject: row.subject,
    message: row.message,
    details: JSON.parse(row.details) as Record<string, unknown>,
  },
});

/** Sends one notification to one webhook, once. Never throws for what a receiver does. */
export async function attemptWebhook(attempt: Attempt): Promise<Attempted> {
  const { id, subscription, notification, nowMs, signal } = attempt;
  try {
    const document = documentOf(notification);
    const body =
      subscription.format === 'alertmanager'
        ? alertmanagerBody(document, subscription.id)
        : encodeNotification(document);
    const { status, retryAfterMs } = await postOut({
      url: subscription.target,
      headers: signedHeaders(subscription, id, body, nowMs),
      body,
      anywhere: subscription.anywhere,
      signal,
    });
    return judged(status, retryAfterMs);
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    return { outcome: { kind: 'failed' }, said: error.message };
  }
}

function judged(status: number, retryAfterMs: number | null): Attempted {
  if (status >= 200 && status < 300) return { outcome: { kind: 'delivered' }, said: `answered ${status}` };
  if (status === 410)
    return { outcome: { kind: 'gone' }, said: 'The receiver answered 410: it wants nothing more.' };
  const isRedirect = status >= 300 && status < 400;
  const said = `answered ${status}${isRedirect ? '; redirects are not followed' : ''}`;
  const waits = (status === 429 || status === 503) && retryAfterMs !== null;
  return { outcome: { kind: 'failed', ...(waits ? { retryAfterMs } : {}) }, said };
}
