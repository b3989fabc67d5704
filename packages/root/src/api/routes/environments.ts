import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

/** Environments and their YAML. */
export const environmentRoutes = {
  environmentCreate: {
    method: 'POST',
    path: '/environments',
    needs: { permission: 'administer', where: 'new' },
    body: s.EnvironmentCreate,
    response: s.Environment,
    summary: 'Create an environment with a direction repository and keys of its own',
  },
  environmentList: {
    method: 'GET',
    path: '/environments',
    needs: { permission: 'read', where: 'anywhere' },
    response: s.Environments,
    summary: 'Environments',
  },
  environmentShow: {
    method: 'GET',
    path: '/environments/:tenant/:environment',
    needs: { permission: 'read', where: 'environment' },
    params: s.EnvironmentParams,
    response: s.Environment,
    summary: 'One environment',
  },
  environmentYaml: {
    method: 'GET',
    path: '/environments/:tenant/:environment/yaml',
    needs: { permission: 'read', where: 'environment' },
    params: s.EnvironmentParams,
    response: s.EnvironmentYaml,
    summary: 'The YAML of an environment',
  },
  environmentYamlPut: {
    method: 'PUT',
    path: '/environments/:tenant/:environment/yaml',
    needs: { permission: 'operate', where: 'environment' },
    params: s.EnvironmentParams,
    body: s.EnvironmentYamlPut,
    response: s.EnvironmentYamlSaved,
    summary: 'Replace the YAML of an environment',
  },
} as const satisfies Record<string, RouteContract>;
