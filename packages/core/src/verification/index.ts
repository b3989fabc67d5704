export { type ProbeBefore, probesBefore } from './compare.ts';
export {
  type HostState,
  type HostsBefore,
  type HostsSeen,
  type HostWord,
  passedOn,
  stateOn,
} from './on-hosts.ts';
export {
  definitionOf,
  type Probe,
  type ProbeResult,
  type ProbeSeen,
  type ProbeState,
  probeDue,
  probesFrom,
  resultOf,
  timeoutMsOf,
} from './probe.ts';
export { type ComparedReading, compareReadings, type Reading } from './readings.ts';
export { isSince, type ProbeStanding, pauseAfter, standingAfter } from './standing.ts';
export { unverified, unverifiedOnHosts } from './verified.ts';
