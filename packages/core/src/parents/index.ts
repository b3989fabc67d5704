export { addressLimits, parseSubnets, type Subnets, saidAddresses } from './addresses.ts';
export { parentLoop, type RelayPlace } from './loops.ts';
export {
  hasParents,
  type KnownAddresses,
  type ParentRule,
  parentRuleLimits,
  wantedByAddresses,
} from './rules.ts';
export { type HeardPlace, type UnheardSubtree, unheardSubtrees } from './unheard.ts';
