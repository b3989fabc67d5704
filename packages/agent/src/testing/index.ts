export { agentFuzzTargets } from './fuzz-targets.ts';
