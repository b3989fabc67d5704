export { planPackages as planDeb } from '../system-packages/plan.ts';
