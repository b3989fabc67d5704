import { deploymentChange } from './change.ts';

export const command = deploymentChange('resume', 'deploymentResume');
