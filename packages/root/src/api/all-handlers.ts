import type { Root } from '../root.ts';
import { accessHandlers } from './handlers/access.ts';
import { auditHandlers } from './handlers/audit.ts';
import { ciHandlers } from './handlers/ci.ts';
import { dependencyHandlers } from './handlers/dependencies.ts';
import { deploymentHandlers } from './handlers/deployments.ts';
import { environmentHandlers } from './handlers/environments.ts';
import { fleetHandlers } from './handlers/fleet.ts';
import { fourEyesHandlers } from './handlers/four-eyes.ts';
import { freezeHandlers } from './handlers/freezes.ts';
import { hostHandlers } from './handlers/hosts.ts';
import { incidentHandlers } from './handlers/incidents.ts';
import { jobHandlers } from './handlers/jobs.ts';
import { keyHandlers } from './handlers/keys.ts';
import { metricHandlers } from './handlers/metrics.ts';
import { migrationHandlers } from './handlers/migrations.ts';
import { moveHandlers } from './handlers/moves.ts';
import { notificationHandlers } from './handlers/notifications.ts';
import { oidcHandlers } from './handlers/oidc.ts';
import { parentRuleHandlers } from './handlers/parent-rules.ts';
import { peopleHandlers } from './handlers/people.ts';
import { planHandlers } from './handlers/plans.ts';
import { publishingHandlers } from './handlers/publishing.ts';
import { quarantineHandlers } from './handlers/quarantine.ts';
import { recallHandlers } from './handlers/recalls.ts';
import { reparentingHandlers } from './handlers/reparenting.ts';
import { rootHandlers } from './handlers/root.ts';
import { secretHandlers } from './handlers/secrets.ts';
import { tenantHandlers } from './handlers/tenants.ts';
import { ticketHandlers } from './handlers/tickets.ts';
import { tokenHandlers } from './handlers/tokens.ts';
import { trafficHandlers } from './handlers/traffic.ts';
import { verificationHandlers } from './handlers/verification.ts';
import type { Handlers } from './handlers.ts';

export function allHandlers(root: Root): Handlers {
  return {
    ...accessHandlers(root),
    ...auditHandlers(root),
    ...ciHandlers(root),
    ...dependencyHandlers(root),
    ...deploymentHandlers(root),
    ...environmentHandlers(root),
    ...fleetHandlers(root),
    ...fourEyesHandlers(root),
    ...hostHandlers(root),
    ...incidentHandlers(root),
    ...keyHandlers(root),
    ...metricHandlers(root),
    ...ticketHandlers(root),
    ...trafficHandlers(root),
    ...migrationHandlers(root),
    ...jobHandlers(root),
    ...moveHandlers(root),
    ...reparentingHandlers(root),
    ...parentRuleHandlers(root),
    ...notificationHandlers(root),
    ...oidcHandlers(root),
    ...peopleHandlers(root),
    ...planHandlers(root),
    ...publishingHandlers(root),
    ...freezeHandlers(root),
    ...quarantineHandlers(root),
    ...recallHandlers(root),
    ...rootHandlers(root),
    ...secretHandlers(root),
    ...tenantHandlers(root),
    ...tokenHandlers(root),
    ...verificationHandlers(root),
  };
}
