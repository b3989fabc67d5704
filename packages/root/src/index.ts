export * from './api/contract.ts';
export type { RestoredRoot, RestoreRootOptions } from './backup/restore.ts';
export { restoreRoot } from './backup/restore.ts';
export type { InitializedRoot, InitRootOptions } from './init.ts';
export { createOperatorToken, initRoot } from './init.ts';
export type { RunningRoot, RunRootOptions } from './run.ts';
export { runRoot } from './run.ts';
