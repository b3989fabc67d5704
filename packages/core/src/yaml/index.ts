export { type CheckedYaml, checkYaml, type YamlProblem } from './check.ts';
export { duration, durationMs } from './duration.ts';
export { environmentYamlSchema, hostCountSchema, parseEnvironmentYaml } from './environment.ts';
export { labelsSchema, parseLabelsYaml } from './labels.ts';
export {
  type ManifestSource,
  manifestSchema,
  type PackageManifest,
  packageDocumentOf,
  parseManifestYaml,
} from './manifest.ts';
export { type Position, readYaml, type YamlSource } from './source.ts';
