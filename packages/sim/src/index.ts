export { normal, seeded } from './random.ts';
export { type Replay, replay } from './record.ts';
export { type Scenario, usual } from './scenario.ts';
export { type Moment, type Ports, type Result, simulate } from './simulate.ts';
export type { Span } from './spans.ts';
