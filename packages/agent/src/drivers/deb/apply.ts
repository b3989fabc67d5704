import { applyPackages } from '../system-packages/apply.ts';
import { dpkg } from './system.ts';

export const applyDeb = applyPackages(dpkg);
