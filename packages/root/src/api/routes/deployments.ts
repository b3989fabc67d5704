import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

/** Deployments. */
export const deploymentRoutes = {
  deploymentCreate: {
    method: 'POST',
    path: '/deployments',
    needs: { permission: 'operate', where: 'anywhere' },
    body: s.DeploymentCreate,
    response: s.DeploymentsCreated,
    summary: 'Deploy, roll back or undeploy a product',
  },
  deploymentList: {
    method: 'GET',
    path: '/deployments',
    needs: { permission: 'read', where: 'anywhere' },
    query: s.DeploymentQuery,
    response: s.Deployments,
    summary: 'Deployments, newest first',
  },
  deploymentShow: {
    method: 'GET',
    path: '/deployments/:id',
    needs: { permission: 'read', where: 'anywhere' },
    params: s.DeploymentParams,
    response: s.Deployment,
    summary: 'One deployment',
  },
  deploymentEvents: {
    method: 'GET',
    path: '/deployments/:id/events',
    needs: { permission: 'read', where: 'anywhere' },
    params: s.DeploymentParams,
    query: s.EventQuery,
    response: s.DeploymentEvents,
    summary: 'Events of a deployment; may be held until there are new ones',
  },
  deploymentEvidence: {
    method: 'GET',
    path: '/deployments/:id/evidence',
    needs: { permission: 'read', where: 'anywhere' },
    params: s.DeploymentParams,
    query: s.EvidenceQuery,
    response: s.DeploymentEvidence,
    summary: 'By which evidence it was decided, to decide again and compare',
  },
  deploymentPause: {
    method: 'POST',
    path: '/deployments/:id/pause',
    needs: { permission: 'operate', where: 'anywhere' },
    params: s.DeploymentParams,
    response: s.Deployment,
    summary: 'Admit no more hosts',
  },
  deploymentResume: {
    method: 'POST',
    path: '/deployments/:id/resume',
    needs: { permission: 'operate', where: 'anywhere' },
    params: s.DeploymentParams,
    response: s.Deployment,
    summary: 'Go on',
  },
  deploymentAbort: {
    method: 'POST',
    path: '/deployments/:id/abort',
    needs: { permission: 'operate', where: 'anywhere' },
    params: s.DeploymentParams,
    response: s.Deployment,
    summary: 'Stop for good: hosts stay as they are; a rollback takes them back',
  },
} as const satisfies Record<string, RouteContract>;
