import {
  type ApprovalDemand,
  approvalRulesOf,
  demandsApproval,
  missingApprovals,
  XylemError,
} from '@xylem/core';
import { isFourEyes } from '../auth/four-eyes.ts';
import { fullName } from '../environments/names.ts';
import type { Candidate, Gate } from './gate.ts';

/** The environment's policy and the plan's stage together: a plan can only be stricter. */
function demandOf({ spec: { policy }, plan, urgent }: Candidate): ApprovalDemand {
  return {
    rules: [...approvalRulesOf(policy, urgent), ...(plan?.rules ?? [])],
    fourEyes: policy.fourEyes === true || plan?.fourEyes === true,
  };
}

/** Those whom policy names have approved exactly this plan. Who undoes a bad release at night asks nobody. */
export const approvals: Gate = {
  name: 'approvals',
  codes: ['E_APPROVAL_MISSING'],
  concerns: (candidate) => !candidate.isWayBack && demandsApproval(demandOf(candidate)),
  async look(trx, candidate) {
    const { plan, environment } = candidate;
    const policy = demandOf(candidate);
    const demand = { ...policy, fourEyes: policy.fourEyes || (await isFourEyes(trx)) };
    // Without a plan there is no author, and nobody's word.
    const missing = missingApprovals(demand, plan?.words ?? [], plan?.author ?? 'whoever makes it');
    if (missing.length === 0) return `Approved by ${namesOf(candidate)}.`;
    throw new XylemError(
      'E_APPROVAL_MISSING',
      `${fullName(environment)} demands approvals, and these are missing: ${missing.join('; ')}. ${nextStep(candidate)}`,
      {
        details: { environment: fullName(environment), missing, ...(plan === null ? {} : { plan: plan.id }) },
      },
    );
  },
};

function nextStep({ plan, target, product, environment }: Candidate): string {
  if (plan !== null)
    return `They say \`xylem plan approve ${plan.id}\`; then \`xylem deploy --plan ${plan.id}\`.`;
  const what = target === null ? `${product} --undeploy` : `${product}@${target.release.version}`;
  return `Nothing was begun. Prepare it: \`xylem plan ${what} --to ${fullName(environment)}\`; when it has been approved, \`xylem deploy --plan ID\`.`;
}

const namesOf = ({ plan }: Candidate): string =>
  [...new Set((plan?.words ?? []).map(({ origin }) => origin))].join(', ');
