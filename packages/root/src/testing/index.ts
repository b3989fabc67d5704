export { rootFuzzTargets } from './fuzz-targets.ts';
