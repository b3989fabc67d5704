export { rootFuzzTargets } from './fuzz-targets.ts';
export { type MadeIssuer, madeIssuer } from './made-issuer.ts';
