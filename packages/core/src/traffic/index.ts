export {
  type Balancer,
  type Behind,
  isSwitched,
  reportedGroups,
  type TrafficStanding,
  trafficStanding,
} from './standing.ts';
export type { TrafficSwitch } from './switch.ts';
export { type Decided, servingIn, switchFault, trafficOf, withTraffic } from './traffic.ts';
