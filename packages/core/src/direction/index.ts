export { assignmentsFor, type HostAssignment, type HostDirection } from './assignments.ts';
export { cohortHash, everyone, inCohort, nobody, thresholdForCount } from './cohort.ts';
export { type Config, checkOpened, configFor, knownConfig } from './config.ts';
export {
  buildHostMap,
  changedHostMapNodes,
  type GetNode,
  type HostMap,
  hostMapEntries,
  lookUpHost,
} from './host-map.ts';
export { namedParts } from './named-parts.ts';
export { fillPlaceholders, fillPort, type Places } from './placeholders.ts';
export { holdsBack, isLiftedBy, type Quarantined, quarantinedAfter, takesNothing } from './quarantine.ts';
export { revokedAfter } from './revoked.ts';
export { configDigest, meaningOfConfig, sealedIn } from './sealed.ts';
export { type Platform, platformText, variantFor } from './variant.ts';
