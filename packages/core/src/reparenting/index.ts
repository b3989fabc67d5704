export {
  advanceReparenting,
  goBack,
  mostFailedOf,
  reparentingLimits,
} from './advance.ts';
export {
  type HeardHost,
  hasNewParents,
  isReparentingOver,
  type ReparentedHost,
  type ReparentedState,
  type Reparenting,
  type ReparentingState,
  type ReparentingStep,
  reparentedStates,
  reparentingStates,
  saidOrder,
  sameParent,
} from './record.ts';
export { requireRoom, spreadOver, type Target } from './targets.ts';
