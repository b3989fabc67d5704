export { type Eligibility, type Moments, momentsOf, type Urgency } from './eligible.ts';
export { changePolicyFault, type PeriodFault } from './faults.ts';
