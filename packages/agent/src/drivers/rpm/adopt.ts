import { adoptPackages } from '../system-packages/adopt.ts';
import { rpm } from './system.ts';

export const adoptRpm = adoptPackages(rpm);
