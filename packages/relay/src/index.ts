export type { RelayFault, RelayOptions, RelayStatus, RelayTiming, RunningRelay } from './options.ts';
export { runRelay } from './run.ts';
