export { agentFuzzTargets } from './fuzz-targets.ts';
export { randomKills } from './random-kills/sweep.ts';
