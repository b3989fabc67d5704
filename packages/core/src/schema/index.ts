export * as shape from './build.ts';
export { type Issue, issuesOf, type Path } from './check.ts';
export type { JsonSchema, Schema, Static } from './json-schema.ts';
export { issueText, pathText } from './message.ts';
export { nearest } from './nearest.ts';
export { parseSchema } from './supported.ts';
