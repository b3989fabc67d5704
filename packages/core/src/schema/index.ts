export type { Issue, Path } from './check.ts';
export type { JsonSchema, Schema, Static } from './json-schema.ts';
export { nearest } from './nearest.ts';
