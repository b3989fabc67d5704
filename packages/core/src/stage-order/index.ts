export { type EarlierPlace, missingAt } from './fault.ts';
export { type After, type AfterStage, soakMs } from './policy.ts';
export { type PastDeployment, type Stood, stoodThere } from './stood.ts';
