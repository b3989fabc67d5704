export { parentLoop, type RelayPlace } from './loops.ts';
export {
  hasParents,
  type ParentRule,
  parentRuleLimits,
  wantedParents,
} from './rules.ts';
