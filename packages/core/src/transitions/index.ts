export { type NextStep, nextStep, type ProductOnHost, waypointsAhead, whyNot } from './next-step.ts';
export { deadEndAt, isLegalStep, liveWaypoints, type Way, pathFrom, type TransitionGraph } from './path.ts';
