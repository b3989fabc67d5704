export { type YamlProblem, yamlFault } from './check.ts';
export { durationMs } from './duration.ts';
export { environmentJsonSchema, parseEnvironmentYaml } from './environment.ts';
export { parseLabelsYaml } from './labels.ts';
export { type LocalPolicy, parseLocalPolicy } from './local-policy.ts';
export {
  type ManifestSource,
  type PackageManifest,
  packageDocumentOf,
  parseManifestYaml,
} from './manifest/manifest.ts';
export { type FileTests, type PlanFile, type PlanFileStage, parsePlanYaml, planJsonSchema } from './plan.ts';
export { parseSourceYaml, type SourceOrigin, versionIn, type WatchedSource } from './watched-source.ts';
