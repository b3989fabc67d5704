export { type Costs, parseCosts } from './delivery/costs.ts';
export { type Delivered, deliver, type Tree } from './delivery/deliver.ts';
export { standing } from './delivery/standing.ts';
export { normal, seeded } from './random.ts';
export { type Replay, replay } from './record.ts';
export { type Scenario, usual } from './scenario.ts';
export { type Moment, type Ports, type Result, simulate } from './simulate.ts';
export type { Span } from './spans.ts';
