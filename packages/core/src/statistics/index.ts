export {
  type FailureEvent,
  type FailureState,
  type FailureTest,
  noFailures,
  type Outcomes,
  updateFailures,
} from './failures.ts';
export {
  failureMetric,
  type Judgement,
  judge,
  type Metric,
  type MetricVerdict,
  requestMetric,
} from './judge.ts';
export {
  noRequests,
  type RequestState,
  type RequestTest,
  type RequestUnit,
  updateRequests,
} from './requests.ts';
export type { Arm } from './risk.ts';
