import { observePackages } from '../system-packages/observe.ts';
import { dpkg } from './system.ts';

export const observeDeb = observePackages(dpkg);
