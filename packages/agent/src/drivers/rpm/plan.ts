export { planPackages as planRpm } from '../system-packages/plan.ts';
