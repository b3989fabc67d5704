export { type DependencyGraph, dependencyGraph } from './graph.ts';
export type { Asks, Coming, KnownOptions, Move, Outcome } from './outcome.ts';
export { type Need, type PlacedComponent, placedComponents } from './placed.ts';
export { whatItTakes } from './what-it-takes.ts';
export { adviceText, pathText } from './words.ts';
