export { type FuzzResult, type FuzzTarget, fuzz } from './fuzz.ts';
export { coreFuzzTargets } from './fuzz-targets.ts';
