export { type WhyInput, type WhyLink, type WhyStep, why, whyAnswer, whySteps } from './why.ts';
