import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

/** Quarantines, and the operators who lift them (docs/spec/direction.md). */
export const quarantineRoutes = {
  quarantineSet: {
    method: 'POST',
    path: '/quarantines',
    needs: { permission: 'operate', where: 'anywhere' },
    body: s.QuarantineSet,
    response: s.QuarantinesWere,
    summary: 'Quarantine a release in environments: their hosts take it no more until operators lift it',
  },
  quarantineList: {
    method: 'GET',
    path: '/quarantines',
    needs: { permission: 'read', where: 'anywhere' },
    query: s.QuarantineQuery,
    response: s.Quarantines,
    summary: 'Quarantines, the newest first',
  },
  quarantineLift: {
    method: 'POST',
    path: '/environments/:tenant/:environment/lifts',
    needs: { permission: 'operate', where: 'environment' },
    params: s.EnvironmentParams,
    body: s.EnvelopeTake,
    response: s.Quarantines,
    summary: "Lift a quarantine by an envelope that the environment's operators signed",
  },
  operatorsShow: {
    method: 'GET',
    path: '/environments/:tenant/:environment/operators',
    needs: { permission: 'read', where: 'environment' },
    params: s.EnvironmentParams,
    response: s.OperatorsChain,
    summary: "The environment's operators: whose signatures lift a quarantine",
  },
  operatorsTake: {
    method: 'POST',
    path: '/environments/:tenant/:environment/operators',
    needs: { permission: 'administer', where: 'environment' },
    params: s.EnvironmentParams,
    body: s.EnvelopeTake,
    response: s.OperatorsChain,
    summary: 'Take the next operators of an environment, signed by themselves and by those before them',
  },
} as const satisfies Record<string, RouteContract>;
