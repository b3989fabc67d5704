import { type ForceableGate, passedByApproval, secondPerson, XylemError } from '@xylem/core';
import { fullName } from '../environments/names.ts';
import type { Candidate, Gate } from './gate.ts';

/** Who approved what is urgent, other than who planned it; null: nobody, or it is not urgent. */
export const approvedInHaste = ({ urgent, plan }: Candidate): string | null =>
  urgent && plan !== null ? secondPerson(plan.words, plan.author) : null;

/** Who approved that a gate is passed though it is closed, other than who planned it; null: it is not. */
export function forcedBy({ forces, plan }: Candidate, gate: string): string | null {
  if (plan === null || !forces.some((one) => one === gate)) return null;
  return secondPerson(plan.words, plan.author);
}

/** By which what nobody planned yet, or planned otherwise, is planned. */
const planCommand = ({ product, target, environment, urgent }: Candidate, more: string): string =>
  `\`xylem plan ${product}@${target?.release.version ?? ''} --to ${fullName(environment)}${urgent ? ' --urgent' : ''}${more} --reason …\``;

/** How another person's word passes a gate that is closed. */
export const howToForce = (candidate: Candidate, gate: ForceableGate): string =>
  candidate.plan !== null && candidate.forces.includes(gate)
    ? `The plan passes that once another person approves it: \`xylem plan approve ${candidate.plan.id}\`.`
    : `What can't wait passes that by the word of another person: ${planCommand(candidate, ` --force ${gate}`)}.`;

/** What hosts hold by themselves, as freezes and locks, and closed gates are passed by two people's word, whatever policy demands. */
export const override: Gate = {
  name: 'override',
  codes: ['E_APPROVAL_MISSING'],
  concerns: ({ passes, forces }) => passedByApproval(passes).length + forces.length > 0,
  look: (_trx, candidate) => {
    const { forces, plan, why } = candidate;
    const passes = passedByApproval(candidate.passes);
    const by = plan === null ? null : secondPerson(plan.words, plan.author);
    const holds = passes.length === 0 ? [] : [`${passes.join(' and ')} of hosts`];
    const closed = forces.length === 0 ? [] : [`the gates ${forces.join(', ')}`];
    const what = [...holds, ...closed].join(' and ');
    if (by !== null) return Promise.resolve(`It passes ${what}: ${why}. ${by} approved it.`);
    const next =
      plan === null
        ? `Nothing was begun. Prepare it: ${planCommand(candidate, '')} with --force, or --urgent and --pass; when another has approved it, \`xylem deploy --plan ID\`.`
        : `They say \`xylem plan approve ${plan.id}\`; then \`xylem deploy --plan ${plan.id}\`.`;
    return Promise.reject(
      new XylemError(
        'E_APPROVAL_MISSING',
        `It passes ${what}, which needs the word of another person than who made the plan. ${next}`,
      ),
    );
  },
};
