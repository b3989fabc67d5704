import type { Database } from '../db/tables.ts';
import { noteDeploymentEvent } from '../incidents/of-deployments.ts';
import { notifyOfDeployment } from '../notify/of-deployments.ts';

export interface NewEvent {
  readonly kind: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Also tells who wants to know of it: call it in the transaction of the change itself. */
export async function appendEvent(
  trx: Database,
  deployment: string,
  nowMs: number,
  event: NewEvent,
): Promise<void> {
  const { kind, message, details } = event;
  await trx
    .insertInto('deployment_events')
    .values({ deployment, time_ms: nowMs, kind, message, details: JSON.stringify(details) })
    .execute();
  await notifyOfDeployment(trx, deployment, nowMs, event);
  await noteDeploymentEvent(trx, deployment, nowMs, event);
}

export async function readEvents(db: Database, deployment: string, after: number) {
  return await db
    .selectFrom('deployment_events')
    .selectAll()
    .where('deployment', '=', deployment)
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(500)
    .execute();
}

/** Wakes those who wait for events of a deployment. */
export interface EventFeed {
  announce(deployment: string): void;
  /** Resolves at the next announcement, after `ms`, or when aborted; never rejects. */
  next(deployment: string, ms: number, signal: AbortSignal): Promise<void>;
}

export function eventFeed(): EventFeed {
  const waiting = new Map<string, Set<() => void>>();
  return {
    announce: (deployment) => {
      for (const wake of waiting.get(deployment) ?? []) wake();
    },
    next: (deployment, ms, signal) =>
      new Promise((resolve) => {
        const own = waiting.get(deployment) ?? new Set();
        waiting.set(deployment, own);
        const wake = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', wake);
          own.delete(wake);
          if (own.size === 0) waiting.delete(deployment);
          resolve();
        };
        const timer = setTimeout(wake, ms);
        signal.addEventListener('abort', wake, { once: true });
        own.add(wake);
        if (signal.aborted) wake();
      }),
  };
}
