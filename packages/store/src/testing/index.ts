export { storeFuzzTargets } from './fuzz-targets.ts';
