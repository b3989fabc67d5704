import type { Decision, Deployment, Progress } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import type { EnvironmentRow } from '../environments/names.ts';
import { auditEnd } from './audit-end.ts';
import { appendEvent } from './events.ts';
import { lastRecord } from './records.ts';
import { markHosts } from './rows.ts';
import { switchFor } from './traffic.ts';

/** What is decided, for whom and by what. */
interface Decided {
  readonly deployment: Deployment;
  readonly environment: EnvironmentRow;
  /** Why, one sentence. */
  readonly reason: string;
  readonly progress: Progress;
  /** The digest of its record. */
  readonly evidence: string | null;
}

/** The effects of one decision, in the transaction of all that were made with it, with what is told of it. */
export async function carryOut(
  trx: Database,
  decision: Decision,
  { deployment, environment, reason, progress, evidence }: Decided,
  nowMs: number,
): Promise<void> {
  const { id } = deployment;
  const event = (kind: string, message: string, details: Record<string, unknown>) =>
    appendEvent(trx, id, nowMs, { kind, message, details });
  switch (decision.kind) {
    case 'switch':
      return await switchFor(
        trx,
        environment,
        deployment,
        { ...decision, by: `deployment/${id}`, reason },
        nowMs,
      );
    case 'threshold':
      return await event('threshold', 'More hosts may follow.', { threshold: decision.threshold });
    case 'admit':
      await markHosts(trx, id, decision.hosts, { admitted_ms: nowMs, held: 0 });
      return await event('admit', `Admitted: ${decision.hosts.length}.`, some(decision));
    case 'hold':
      await markHosts(trx, id, decision.hosts, { held: 1 });
      return await event(
        'hold',
        `Held, being offline or without room: ${decision.hosts.length}.`,
        some(decision),
      );
    case 'healthy':
      return await markHosts(trx, id, decision.hosts, { done_ms: nowMs });
    case 'failed':
      await markHosts(trx, id, decision.hosts, { failed_ms: nowMs, done_ms: null });
      return await event('host-failed', `Failed or fell silent: ${decision.hosts.length}.`, some(decision));
    case 'watch':
      return await markHosts(trx, id, decision.hosts, { watched: JSON.stringify(decision.watched) });
    case 'canary':
      if (decision.reason === null) return;
      return await event('step', decision.reason, { step: decision.canary.step });
    case 'groups':
      if (decision.reason === null) return;
      return await event('phase', decision.reason, { phase: decision.groups.phase });
    case 'ask':
      return await event('paused', decision.reason, { product: deployment.product });
    case 'end': {
      const { state: is, reason: why } = decision;
      const end = { is, was: deployment.state, reason: why };
      await auditEnd(trx, deployment, end, await lastRecord(trx, 'deployment_evidence', id), nowMs);
      // Behind the audit log, as everywhere: what it notes for incidents may hold up nobody.
      return await event(is, why, { product: deployment.product, evidence, ...progress });
    }
  }
}

const some = ({ hosts }: { readonly hosts: readonly string[] }) => ({ hosts: hosts.slice(0, 100) });
