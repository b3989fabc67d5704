import { adviceText, configFor, mappingOf, pathText, refuseConflicts, XylemError } from '@xylem/core';
import { consequences } from '../dependencies/consequences.ts';
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

/** Also the end of a product is refused while others need it. */
const dependencies: Gate = {
  name: 'dependencies',
  codes: ['E_DEPENDENCY'],
  concerns: () => true,
  async look(trx, candidate) {
    const { spec } = candidate;
    // Products that the environment does not name are nobody's business here.
    const sees = (product: string): boolean => Object.hasOwn(spec.products, product);
    const { before, coming, outcome } = await consequences(trx, candidate, sees);
    if (outcome.kind === 'fits')
      return 'What each component requires is there, also for those of other products.';
    const path = pathText(before, coming, outcome);
    const { product, release } = coming;
    // Products that are not here yet may help too, if whoever asks sees them.
    const look = release === null ? '' : ` \`xylem deps ${product}@${release} --to ${spec.name}\` says more.`;
    throw new XylemError(
      'E_DEPENDENCY',
      `In ${spec.name}: ${path}. ${adviceText(before, coming, outcome)}${look}`,
      {
        details: { environment: spec.name, path },
      },
    );
  },
};

/** Configurations against schemas, and ports, paths and names against those of all that runs or will run there. */
export const compatibility: readonly Gate[] = [configuration, conflicts, dependencies];
