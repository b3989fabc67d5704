export { trustFuzzTargets } from './fuzz-targets.ts';
