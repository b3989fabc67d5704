import { deploymentChange } from './change.ts';

export const command = deploymentChange('pause', 'deploymentPause');
