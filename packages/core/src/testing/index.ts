export { type FuzzResult, type FuzzTarget, fuzz, type Random, randomFrom } from './fuzz.ts';
export { coreFuzzTargets } from './fuzz-targets.ts';
