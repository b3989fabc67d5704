export { type Eligibility, type Moments, momentsOf } from './eligible.ts';
export { changePolicyFault, type PeriodFault } from './faults.ts';
