export { normal, seeded } from './random.ts';
export { type Scenario, usual } from './scenario.ts';
export { type Result, replay, simulate } from './simulate.ts';
