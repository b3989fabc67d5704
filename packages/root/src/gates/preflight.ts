import { preflightOpen, preflightSeen, preflightText, XylemError } from '@xylem/core';
import { fullName } from '../environments/names.ts';
import { preflightRuns } from '../jobs/preflights.ts';
import { survey } from '../plans/facts.ts';
import { givenTo } from '../plans/given.ts';
import { type Candidate, type Gate, targetOf } from './gate.ts';

const mostNamed = 5;

const isDemanded = ({ spec }: Candidate): boolean => spec.policy.preflight === 'required';

/** What hosts said beforehand that they can not take does not begin to come to them; where policy demands it all must have said that they can. */
export const preflight: Gate = {
  name: 'preflight',
  codes: ['E_PLAN_PREFLIGHT'],
  concerns: (candidate) =>
    candidate.target !== null && !candidate.isWayBack && (candidate.plan !== null || isDemanded(candidate)),
  async look(trx, candidate) {
    const { environment, plan } = candidate;
    const { packages, product, version } = targetOf(candidate).release;
    const name = fullName(environment);
    if (plan === null)
      throw closed(
        `${name} demands that hosts look beforehand. Plan it: \`xylem plan ${product}@${version} --to ${name}\`.`,
      );
    const runs = await preflightRuns(trx, plan.id, [environment.id]);
    if (runs.length === 0 && !isDemanded(candidate)) return 'No host was asked beforehand.';
    const { changes } = givenTo(await survey(trx, candidate, false));
    const parts = changes.flatMap(({ host, name: named, component, to }) => {
      const part = packages.find((one) => one.component === component);
      return to === null || part === undefined
        ? []
        : [{ host, name: named, component, package: part.package }];
    });
    const seen = preflightSeen(parts, runs);
    const saw = `${preflightText(seen.counts)}.`;
    if (preflightOpen(seen, isDemanded(candidate))) return saw;
    const named = seen.words
      .slice(0, mostNamed)
      .map(({ name: host, component, outcome, note }) => `${host}, ${component}: ${note ?? outcome}`);
    const more = seen.words.length - named.length;
    const who = named.length === 0 ? '' : ` ${named.join(' ')}${more > 0 ? ` And ${more} more.` : ''}`;
    throw closed(`Of ${name} ${saw}${who} Ask again with \`xylem plan preflight ${plan.id}\`.`);
  },
};

const closed = (message: string): XylemError =>
  new XylemError('E_PLAN_PREFLIGHT', `Nothing was begun. ${message}`, { retry: 'later' });
