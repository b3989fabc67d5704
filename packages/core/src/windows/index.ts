export { type Eligibility, type Holding, type Moments, momentsOf } from './eligible.ts';
export { changePolicyFault, type PeriodFault } from './faults.ts';
export { heldUntil } from './held-until.ts';
export { linkRates, linkTimesFault } from './link-rates.ts';
