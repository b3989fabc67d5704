export { type NextStep, nextStep, type ProductOnHost, waypointsAhead, whyNot } from './next-step.ts';
export { isLegalStep, liveWaypoints, pathFrom, type TransitionGraph, type Way } from './path.ts';
