import { applyPackages } from '../system-packages/apply.ts';
import { rpm } from './system.ts';

export const applyRpm = applyPackages(rpm);
