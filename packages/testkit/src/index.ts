export { type Cleanup, cleanup, removeLater } from './cleanup.ts';
export { type CountingProxy, countingProxy, type NetworkFault } from './counting-proxy.ts';
export { installDebian } from './install-debian.ts';
export { type Postgres, postgres } from './postgres.ts';
export { run } from './run.ts';
export { type StartedProcess, type StartOptions, startProcess } from './start-process.ts';
export { tempFolder } from './temp-folder.ts';
export { isRoot, type Unavailable } from './unavailable.ts';
export { waitUntil } from './wait-until.ts';
