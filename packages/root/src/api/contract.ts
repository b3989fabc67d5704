import type { Static, TSchema } from 'typebox';
import type { Needs } from './needs.ts';
import { accessRoutes } from './routes/access.ts';
import { auditRoutes } from './routes/audit.ts';
import { ciRoutes } from './routes/ci.ts';
import { dependencyRoutes } from './routes/dependencies.ts';
import { deploymentRoutes } from './routes/deployments.ts';
import { environmentRoutes } from './routes/environments.ts';
import { fleetRoutes } from './routes/fleet.ts';
import { freezeRoutes } from './routes/freezes.ts';
import { hostRoutes } from './routes/hosts.ts';
import { incidentRoutes } from './routes/incidents.ts';
import { jobRoutes } from './routes/jobs.ts';
import { keyRoutes } from './routes/keys.ts';
import { metricRoutes } from './routes/metrics.ts';
import { migrationRoutes } from './routes/migrations.ts';
import { moveRoutes } from './routes/moves.ts';
import { notificationRoutes } from './routes/notifications.ts';
import { oidcRoutes } from './routes/oidc.ts';
import { parentRuleRoutes } from './routes/parent-rules.ts';
import { peopleRoutes } from './routes/people.ts';
import { planRoutes } from './routes/plans.ts';
import { publishingRoutes } from './routes/publishing.ts';
import { quarantineRoutes } from './routes/quarantine.ts';
import { recallRoutes } from './routes/recalls.ts';
import { reparentingRoutes } from './routes/reparenting.ts';
import { rootRoutes } from './routes/root.ts';
import { secretRoutes } from './routes/secrets.ts';
import { selfRoutes } from './routes/self.ts';
import { tenantRoutes } from './routes/tenants.ts';
import { ticketRoutes } from './routes/tickets.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { trafficRoutes } from './routes/traffic.ts';
import { verificationRoutes } from './routes/verification.ts';

/** One route of the API. `needs` is what whoever asks must hold, checked in one place (authorise.ts). */
export interface RouteContract {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/v1`; parameters as `:name`. */
  readonly path: string;
  readonly needs: Needs;
  readonly summary: string;
  readonly params?: TSchema;
  readonly query?: TSchema;
  /** Absent: no body. `'stream'`: raw bytes, `application/octet-stream`. */
  readonly body?: TSchema | 'stream';
  /** Largest body; default 4 MiB. */
  readonly maxBodyBytes?: number;
  readonly response: TSchema;
}

/** Every route of the API by its operation id. The server registers these, OpenAPI and the CLI are made from them. */
export const contract = {
  ...selfRoutes,
  ...publishingRoutes,
  ...environmentRoutes,
  ...tenantRoutes,
  ...secretRoutes,
  ...tokenRoutes,
  ...hostRoutes,
  ...incidentRoutes,
  ...metricRoutes,
  ...verificationRoutes,
  ...ticketRoutes,
  ...trafficRoutes,
  ...migrationRoutes,
  ...jobRoutes,
  ...moveRoutes,
  ...reparentingRoutes,
  ...parentRuleRoutes,
  ...dependencyRoutes,
  ...deploymentRoutes,
  ...planRoutes,
  ...freezeRoutes,
  ...recallRoutes,
  ...fleetRoutes,
  ...accessRoutes,
  ...peopleRoutes,
  ...ciRoutes,
  ...oidcRoutes,
  ...notificationRoutes,
  ...rootRoutes,
  ...auditRoutes,
  ...keyRoutes,
  ...quarantineRoutes,
} as const satisfies Record<string, RouteContract>;

export type Operation = keyof typeof contract;
type Contract<O extends Operation> = (typeof contract)[O];
type Part<O extends Operation, K extends string> =
  Contract<O> extends Record<K, infer S> ? (S extends TSchema ? Static<S> : unknown) : undefined;
export type ParamsOf<O extends Operation> = Part<O, 'params'>;
export type QueryOf<O extends Operation> = Part<O, 'query'>;
export type BodyOf<O extends Operation> = Part<O, 'body'>;
export type ResponseOf<O extends Operation> = Part<O, 'response'>;
export const apiPrefix = '/api/v1';
export * from './schemas/index.ts';
