import { configFor, mappingOf, refuseConflicts, refuseUnmetRequirements } from '@xylem/core';
import type { Gate } from './gate.ts';

const concerns: Gate['concerns'] = ({ target }) => target !== null;

const configuration: Gate = {
  name: 'configuration',
  codes: ['E_CONFIG_INVALID', 'E_PLACEHOLDER'],
  concerns,
  look(_trx, { spec, product, packages }) {
    const mapping = Object.hasOwn(spec.products, product) ? spec.products[product] : undefined;
    for (const document of packages) {
      if (document.product !== product || mapping === undefined) continue;
      const mapped = mappingOf(mapping, document.component);
      if (mapped !== undefined) configFor(document, mapped.config);
    }
    return Promise.resolve(`The configuration of ${spec.name} fits each package's schema.`);
  },
};

const conflicts: Gate = {
  name: 'conflicts',
  codes: ['E_COMPONENT_CONFLICT', 'E_CONFIG_INVALID', 'E_PLACEHOLDER'],
  concerns,
  look(_trx, { spec, packages }) {
    refuseConflicts(spec, packages);
    return Promise.resolve('No two components claim one name, port or path on a host.');
  },
};

const dependencies: Gate = {
  name: 'dependencies',
  codes: ['E_DEPENDENCY'],
  concerns,
  look(_trx, { spec, packages }) {
    refuseUnmetRequirements(spec.name, packages);
    return Promise.resolve('What each component requires is there, also for those of other products.');
  },
};

/** Configurations against schemas, and ports, paths and names against those of all that runs or will run there. */
export const compatibility: readonly Gate[] = [configuration, conflicts, dependencies];
