import { refuseUnfit } from '../deployments/unfit.ts';
import { fullName } from '../environments/names.ts';
import { refuseContracted } from '../migrations/refuse.ts';
import { requireEvidence } from '../publishing/evidence.ts';
import { requireVouched } from '../publishing/still-vouched.ts';
import { refuseQuarantined } from '../quarantine/refuse.ts';
import { type Candidate, type Gate, targetOf } from './gate.ts';

const hasTarget = ({ target }: Candidate): boolean => target !== null;

/** A delegate that signed it alone still may. */
export const vouching: Gate = {
  name: 'vouching',
  codes: ['E_RELEASE_RETIRED'],
  concerns: hasTarget,
  async look(trx, candidate) {
    const { digest, release } = targetOf(candidate);
    const { product, version } = release;
    await requireVouched(trx, { product, version, digest }, candidate.nowMs);
    return `A key of ${product} vouches for ${product}@${version}.`;
  },
};

/** Also the way back is refused: hosts refuse it as well. */
export const quarantine: Gate = {
  name: 'quarantine',
  codes: ['E_QUARANTINED'],
  concerns: hasTarget,
  async look(trx, candidate) {
    await refuseQuarantined(trx, candidate.environment, targetOf(candidate));
    return `It is not quarantined in ${fullName(candidate.environment)}.`;
  },
};

/** Databases still have the shapes that its packages work with. */
export const schemas: Gate = {
  name: 'schemas',
  codes: ['E_MIGRATION_CONTRACTED'],
  concerns: hasTarget,
  async look(trx, candidate) {
    await refuseContracted(trx, candidate.environment, targetOf(candidate));
    return 'No database has lost a shape that it needs.';
  },
};

/** What the environment's policy demands that others have said about the release. */
export const statements: Gate = {
  name: 'statements',
  codes: ['E_EVIDENCE'],
  concerns: (candidate) =>
    hasTarget(candidate) &&
    !candidate.isWayBack &&
    (candidate.spec.policy.provenance?.require ?? []).length > 0,
  async look(trx, candidate) {
    await requireEvidence(trx, candidate.spec, targetOf(candidate));
    const rules = candidate.spec.policy.provenance?.require ?? [];
    return `Signed as policy demands: ${rules.map(({ predicateType }) => predicateType).join(', ')}.`;
  },
};

/** Each host can install it; who goes back at night is held up by none of this. */
export const variants: Gate = {
  name: 'variants',
  codes: ['E_FACTS_UNSUPPORTED'],
  concerns: (candidate) => hasTarget(candidate) && candidate.kind === 'deploy',
  look(_trx, candidate) {
    const { spec, unfit, skipUnfit } = candidate;
    if (!skipUnfit) refuseUnfit(spec.name, targetOf(candidate), unfit);
    const left = unfit.length === 0 ? '' : ` Left out without one: ${unfit.length}.`;
    return Promise.resolve(`There is a variant for each host that takes it.${left}`);
  },
};
