import { adoptPackages } from '../system-packages/adopt.ts';
import { dpkg } from './system.ts';

export const adoptDeb = adoptPackages(dpkg);
