export { FairLink, type FairRates, type LinkClaim } from './fair-link.ts';
export { linkLimitText, parseLinkLimit, parseRate, parseTimes } from './limit-text.ts';
export { type LinkRates, strictestRates } from './rates.ts';
