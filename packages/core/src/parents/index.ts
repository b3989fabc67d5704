export { parentLoop, type RelayPlace } from './loops.ts';
export {
  hasParents,
  type ParentRule,
  parentRuleLimits,
  wantedParents,
} from './rules.ts';
export { type HeardPlace, type UnheardSubtree, unheardSubtrees } from './unheard.ts';
