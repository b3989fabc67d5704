export { type ProbeBefore, probesBefore } from './compare.ts';
export {
  definitionOf,
  type Probe,
  type ProbeResult,
  type ProbeSeen,
  type ProbeState,
  probeDue,
  resultOf,
  timeoutMsOf,
} from './probe.ts';
export { type ComparedReading, compareReadings, type Reading } from './readings.ts';
