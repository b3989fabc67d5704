export type { AdoptBlock } from './adopt.ts';
export { agentComponent, agentProduct } from './agent.ts';
export { type CommandOperation, commandDefaults, commandOperations } from './command.ts';
export * from './document.ts';
export type { FilesBlock, InstalledFile } from './files.ts';
export { belowData, filesDefaults, pathsClash, renderedPath } from './files.ts';
export { healthDefaults } from './health.ts';
export {
  type Hook,
  type HookMoment,
  hookMoments,
  hookSteps,
  hookTimeoutDefaultMs,
} from './hooks.ts';
export { installObjects } from './install.ts';
export { type Job, jobTimeoutDefaultMs } from './jobs.ts';
export { lockDefaults } from './lock.ts';
export type { Accepts, MigrationPhase, MigrationStep, Migrations } from './migrations.ts';
export { formatOf } from './needs.ts';
export { serviceDefaults, stopTimeoutDefaultMs } from './service.ts';
export { listenOf, type RouterBlock, type ServiceSwitch, switchDefaults } from './switching.ts';
export { isOfPackages, restartDefault } from './system-packages.ts';
