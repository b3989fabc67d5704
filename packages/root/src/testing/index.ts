export { rootFuzzTargets } from './fuzz-targets.ts';
export { type MadeIssuer, madeIssuer } from './made-issuer.ts';
export { type RealIssuer, realIssuer } from './real-issuer.ts';
export { ScriptedBrowser } from './scripted-browser.ts';
