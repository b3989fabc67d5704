export { type WhyInput, type WhyLink, type WhyStep, why, whyAnswer } from './why.ts';
