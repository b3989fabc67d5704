import type { Static, TSchema } from 'typebox';
import { keyRoutes } from './contract-keys.ts';
import { Strict } from './schemas/common.ts';
import * as s from './schemas/index.ts';

/** One route of the API. `role` is the least that the token must hold. */
export interface RouteContract {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/v1`; parameters as `:name`. */
  readonly path: string;
  readonly role: s.Role;
  readonly summary: string;
  readonly params?: TSchema;
  readonly query?: TSchema;
  /** Absent: no body. `'stream'`: raw bytes, `application/octet-stream`. */
  readonly body?: TSchema | 'stream';
  /** Largest body; default 4 MiB. */
  readonly maxBodyBytes?: number;
  readonly response: TSchema;
}

const Nothing = Strict({});
/** Role metadata travels as text inside JSON: a document, a role and its bins. */
const metadataBodyBytes = 96 * 1024 * 1024;

/** Every route of the API by its operation id. The server registers these, OpenAPI and the CLI are made from them. */
export const contract = {
  whoami: {
    method: 'GET',
    path: '/whoami',
    role: 'viewer',
    summary: 'Who the token speaks for',
    response: s.WhoAmI,
  },
  rootInfo: {
    method: 'GET',
    path: '/root',
    role: 'viewer',
    summary: 'What this root server is',
    response: s.RootInfo,
  },

  releaseRepository: {
    method: 'GET',
    path: '/release-repository',
    role: 'publisher',
    summary: 'Root and targets metadata of the release repository, to sign the next from',
    response: s.ReleaseRepository,
  },
  productList: {
    method: 'GET',
    path: '/products',
    role: 'viewer',
    summary: 'Products',
    response: s.Products,
  },
  productCreate: {
    method: 'POST',
    maxBodyBytes: metadataBodyBytes,
    path: '/products',
    role: 'publisher',
    body: s.ProductCreate,
    response: s.Product,
    summary: 'Create a product: its domain, the delegation and its first role, signed by the vendor',
  },
  productShow: {
    method: 'GET',
    path: '/products/:product',
    role: 'viewer',
    summary: 'One product',
    params: s.ProductParams,
    response: s.Product,
  },
  productRoles: {
    method: 'GET',
    path: '/products/:product/roles',
    role: 'viewer',
    params: s.ProductParams,
    response: s.ProductRoles,
    summary: 'The role of a product and its bins, to sign the next from',
  },
  chunksKnown: {
    method: 'POST',
    path: '/products/:product/chunks/known',
    role: 'publisher',
    params: s.ProductParams,
    body: s.ChunksKnown,
    response: s.Known,
    summary: 'Which of these chunks need not be sent',
  },
  packPut: {
    method: 'PUT',
    path: '/products/:product/packs/:pack',
    role: 'publisher',
    params: s.PackParams,
    body: 'stream',
    response: s.PackStored,
    summary: 'Send one pack; every chunk in it is verified',
  },
  treeRegister: {
    method: 'POST',
    maxBodyBytes: 8 * 1024 * 1024,
    path: '/products/:product/trees',
    role: 'publisher',
    params: s.ProductParams,
    body: s.TreeRegister,
    response: s.TreeRegistered,
    summary: 'Check a tree whose chunks were sent and offer it',
  },
  packageRegister: {
    method: 'POST',
    path: '/products/:product/packages',
    role: 'publisher',
    params: s.ProductParams,
    body: s.PackageRegister,
    response: s.PackageRegistered,
    summary:
      'Register a package document; the same again changes nothing, other bytes under a version are refused',
  },
  packageList: {
    method: 'GET',
    path: '/products/:product/packages',
    role: 'viewer',
    params: s.ProductParams,
    query: s.PackageQuery,
    response: s.Packages,
    summary: 'Packages of a product',
  },
  packageShow: {
    method: 'GET',
    path: '/products/:product/packages/:component/:version',
    role: 'viewer',
    params: s.PackageParams,
    response: s.PackageDetail,
    summary: 'One package with its document',
  },
  releaseCreate: {
    method: 'POST',
    maxBodyBytes: metadataBodyBytes,
    path: '/products/:product/releases',
    role: 'publisher',
    params: s.ProductParams,
    body: s.ReleaseCreate,
    response: s.ReleaseCreated,
    summary: 'Publish a release signed by the product role',
  },
  releaseList: {
    method: 'GET',
    path: '/products/:product/releases',
    role: 'viewer',
    params: s.ProductParams,
    response: s.Releases,
    summary: 'Releases, newest version first',
  },
  releaseShow: {
    method: 'GET',
    path: '/products/:product/releases/:version',
    role: 'viewer',
    params: s.ReleaseParams,
    response: s.Release,
    summary: 'One release',
  },
  channelSet: {
    method: 'PUT',
    maxBodyBytes: metadataBodyBytes,
    path: '/products/:product/channels/:channel',
    role: 'publisher',
    params: s.ChannelParams,
    body: s.ChannelSet,
    response: s.Channel,
    summary: 'Point a channel to a release, signed by the product role',
  },
  channelList: {
    method: 'GET',
    path: '/products/:product/channels',
    role: 'viewer',
    params: s.ProductParams,
    response: s.Channels,
    summary: 'Channels of a product',
  },

  environmentCreate: {
    method: 'POST',
    path: '/environments',
    role: 'admin',
    body: s.EnvironmentCreate,
    response: s.Environment,
    summary: 'Create an environment with a direction repository and keys of its own',
  },
  environmentList: {
    method: 'GET',
    path: '/environments',
    role: 'viewer',
    response: s.Environments,
    summary: 'Environments',
  },
  environmentShow: {
    method: 'GET',
    path: '/environments/:tenant/:environment',
    role: 'viewer',
    params: s.EnvironmentParams,
    response: s.Environment,
    summary: 'One environment',
  },
  environmentYaml: {
    method: 'GET',
    path: '/environments/:tenant/:environment/yaml',
    role: 'viewer',
    params: s.EnvironmentParams,
    response: s.EnvironmentYaml,
    summary: 'The YAML of an environment',
  },
  environmentYamlPut: {
    method: 'PUT',
    path: '/environments/:tenant/:environment/yaml',
    role: 'operator',
    params: s.EnvironmentParams,
    body: s.EnvironmentYamlPut,
    response: s.EnvironmentYamlSaved,
    summary: 'Replace the YAML of an environment',
  },

  tokenCreate: {
    method: 'POST',
    path: '/tokens',
    role: 'operator',
    body: s.TokenCreate,
    response: s.TokenCreated,
    summary: 'Create a join token',
  },
  tokenList: {
    method: 'GET',
    path: '/tokens',
    role: 'operator',
    response: s.Tokens,
    summary: 'Join tokens that still work',
  },
  tokenDelete: {
    method: 'DELETE',
    path: '/tokens/:id',
    role: 'operator',
    params: s.TokenParams,
    response: Nothing,
    summary: 'Revoke a join token',
  },

  hostList: {
    method: 'GET',
    path: '/hosts',
    role: 'viewer',
    query: s.HostQuery,
    response: s.Hosts,
    summary: 'Hosts that a selector fits, with the total',
  },
  hostShow: {
    method: 'GET',
    path: '/hosts/:host',
    role: 'viewer',
    params: s.HostParams,
    response: s.HostDetail,
    summary: 'One host',
  },
  hostWhy: {
    method: 'GET',
    path: '/hosts/:host/why',
    role: 'viewer',
    params: s.HostParams,
    response: s.HostWhy,
    summary: 'Why a host is not where it should be',
  },
  hostLabel: {
    method: 'POST',
    path: '/hosts/label',
    role: 'operator',
    body: s.HostLabel,
    response: s.HostsChanged,
    summary: 'Set and remove labels',
  },
  hostMove: {
    method: 'POST',
    path: '/hosts/move',
    role: 'operator',
    body: s.HostMove,
    response: s.HostsChanged,
    summary: 'Give hosts other parents',
  },
  hostConfigure: {
    method: 'POST',
    path: '/hosts/configure',
    role: 'operator',
    body: s.HostConfigure,
    response: s.HostsChanged,
    summary: 'Configure a component on single hosts',
  },
  hostServe: {
    method: 'POST',
    path: '/hosts/serve',
    role: 'operator',
    body: s.HostServe,
    response: s.HostsChanged,
    summary: 'Make hosts relays, or plain hosts again',
  },
  hostRetire: {
    method: 'POST',
    path: '/hosts/retire',
    role: 'operator',
    body: s.HostRetire,
    response: s.HostsChanged,
    summary: 'Retire hosts: they take no more changes',
  },

  deploymentCreate: {
    method: 'POST',
    path: '/deployments',
    role: 'operator',
    body: s.DeploymentCreate,
    response: s.DeploymentsCreated,
    summary: 'Deploy, roll back or undeploy a product',
  },
  deploymentList: {
    method: 'GET',
    path: '/deployments',
    role: 'viewer',
    query: s.DeploymentQuery,
    response: s.Deployments,
    summary: 'Deployments, newest first',
  },
  deploymentShow: {
    method: 'GET',
    path: '/deployments/:id',
    role: 'viewer',
    params: s.DeploymentParams,
    response: s.Deployment,
    summary: 'One deployment',
  },
  deploymentEvents: {
    method: 'GET',
    path: '/deployments/:id/events',
    role: 'viewer',
    params: s.DeploymentParams,
    query: s.EventQuery,
    response: s.DeploymentEvents,
    summary: 'Events of a deployment; may be held until there are new ones',
  },
  deploymentPause: {
    method: 'POST',
    path: '/deployments/:id/pause',
    role: 'operator',
    params: s.DeploymentParams,
    response: s.Deployment,
    summary: 'Admit no more hosts',
  },
  deploymentResume: {
    method: 'POST',
    path: '/deployments/:id/resume',
    role: 'operator',
    params: s.DeploymentParams,
    response: s.Deployment,
    summary: 'Go on',
  },
  deploymentAbort: {
    method: 'POST',
    path: '/deployments/:id/abort',
    role: 'operator',
    params: s.DeploymentParams,
    response: s.Deployment,
    summary: 'Stop for good: hosts stay as they are; a rollback takes them back',
  },

  status: {
    method: 'GET',
    path: '/status',
    role: 'viewer',
    query: s.FleetQuery,
    response: s.Status,
    summary: 'The fleet at a glance',
  },
  topology: {
    method: 'GET',
    path: '/topology',
    role: 'viewer',
    query: s.FleetQuery,
    response: s.Topology,
    summary: 'Who is whose child, as reported',
  },
  where: {
    method: 'GET',
    path: '/where/:product',
    role: 'viewer',
    params: s.WhereParams,
    query: s.FleetQuery,
    response: s.Where,
    summary: 'Which versions of a product run where',
  },

  apiTokenCreate: {
    method: 'POST',
    path: '/api-tokens',
    role: 'admin',
    body: s.ApiTokenCreate,
    response: s.ApiTokenCreated,
    summary: 'Create an API token',
  },
  apiTokenList: {
    method: 'GET',
    path: '/api-tokens',
    role: 'admin',
    response: s.ApiTokens,
    summary: 'API tokens',
  },
  apiTokenDelete: {
    method: 'DELETE',
    path: '/api-tokens/:id',
    role: 'admin',
    params: s.ApiTokenParams,
    response: Nothing,
    summary: 'Revoke an API token',
  },

  backupCreate: {
    method: 'POST',
    path: '/root/backup',
    role: 'admin',
    body: s.BackupCreate,
    response: s.BackupCreated,
    summary: 'Write a backup to a folder of the root server',
  },
  restored: {
    method: 'GET',
    path: '/root/restored',
    role: 'viewer',
    response: s.Restored,
    summary: 'After a restore: what the tree says beside what the backup says',
  },
  restoreConfirm: {
    method: 'POST',
    path: '/root/restored/confirm',
    role: 'admin',
    body: s.RestoreConfirm,
    response: s.RestoreConfirmed,
    summary: 'Confirm the difference and go on',
  },
  auditList: {
    method: 'GET',
    path: '/audit',
    role: 'admin',
    query: s.AuditQuery,
    response: s.AuditEntries,
    summary: 'Who did what',
  },
  auditCheckpoint: {
    method: 'POST',
    path: '/audit/checkpoint',
    role: 'admin',
    response: s.AuditCheckpointed,
    summary: 'Sign where the audit log stands',
  },

  ...keyRoutes,
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
