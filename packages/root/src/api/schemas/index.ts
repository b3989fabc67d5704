export * from './audit.ts';
export * from './common.ts';
export * from './deployments.ts';
export * from './environments.ts';
export * from './fleet.ts';
export * from './hosts.ts';
export * from './publishing.ts';
export * from './root.ts';
