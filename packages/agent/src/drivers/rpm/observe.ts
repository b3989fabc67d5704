import { observePackages } from '../system-packages/observe.ts';
import { rpm } from './system.ts';

export const observeRpm = observePackages(rpm);
