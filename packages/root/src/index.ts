export * from './api/contract.ts';
export { initRoot } from './init.ts';
export type { InitRootOptions, InitializedRoot } from './init.ts';
export { runRoot } from './run.ts';
export type { RunRootOptions, RunningRoot } from './run.ts';
export { restoreRoot } from './backup/restore.ts';
export type { RestoreRootOptions, RestoredRoot } from './backup/restore.ts';
