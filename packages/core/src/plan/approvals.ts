import type { EnvironmentPolicy } from '../environment/spec.ts';
import { array, closedObject, either, integer, string, titled } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';

/** docs/spec/plans.md, Approvals. */

const who = string({
  title: 'person/NAME, oidc/ISSUER/SUB or group/NAME',
  pattern: '^(person|oidc|group)/[^\\p{Cc}]+$',
  maxLength: 512,
});
const names = array(who, { minItems: 1, maxItems: 64 });

const approvalRuleSchema = titled(
  either(
    closedObject({ any: names }),
    closedObject({ all: names }),
    closedObject({ of: integer({ minimum: 1, maximum: 64 }) }, { from: names }),
  ),
  'an object with "any", "all", or "of" and perhaps "from"',
);
export const approvalRulesSchema = array(approvalRuleSchema, { minItems: 1, maxItems: 16 });
export type ApprovalRule = Static<typeof approvalRuleSchema>;

/** An approval that counts: of whom may approve there, of this digest. */
export interface ApprovalWord {
  /** As whom it counts: one person has one, through whatever tokens. */
  readonly origin: string;
  /** As the issuer named them to that person's own session; none of a token. */
  readonly groups: readonly string[];
}

export interface ApprovalDemand {
  readonly rules: readonly ApprovalRule[];
  /** The author's own word does not count. */
  readonly fourEyes: boolean;
}

/** Of whom, other than the author, there is a word; null: of nobody. */
export const secondPerson = (words: readonly ApprovalWord[], author: string): string | null =>
  words.find(({ origin }) => origin !== author)?.origin ?? null;

/** The rules of an environment's policy: what is urgent may have a shorter way. */
export const approvalRulesOf = (
  { approvals = [], urgentApprovals }: Pick<EnvironmentPolicy, 'approvals' | 'urgentApprovals'>,
  urgent: boolean,
): readonly ApprovalRule[] => (urgent ? (urgentApprovals ?? approvals) : approvals);

/** Whether anybody's word is needed at all. */
export const demandsApproval = ({ rules, fourEyes }: ApprovalDemand): boolean => rules.length > 0 || fourEyes;

/**
 * The rules that are not met yet, each a sentence of what is missing; none: approved. One word may meet several rules.
 * Pure.
 * @param author as whom the author of the plan counts
 */
export function missingApprovals(
  { rules, fourEyes }: ApprovalDemand,
  words: readonly ApprovalWord[],
  author: string,
): string[] {
  const counting = new Map<string, ApprovalWord>();
  for (const word of words) {
    if (fourEyes && word.origin === author) continue;
    const before = counting.get(word.origin);
    const groups = [...(before?.groups ?? []), ...word.groups];
    counting.set(word.origin, { origin: word.origin, groups });
  }
  const demanded: readonly ApprovalRule[] = fourEyes && rules.length === 0 ? [{ of: 1 }] : rules;
  const except = fourEyes ? ` other than ${author}, who made the plan` : '';
  return demanded.flatMap((rule) => {
    const missing = missingOf(rule, [...counting.values()]);
    return missing === null ? [] : [`${missing}${except}`];
  });
}

function missingOf(rule: ApprovalRule, words: readonly ApprovalWord[]): string | null {
  if ('any' in rule) {
    return words.some((word) => isOneOf(word, rule.any)) ? null : `one of ${rule.any.join(', ')}`;
  }
  if ('all' in rule) {
    const missing = rule.all.filter((name) => !words.some((word) => isOneOf(word, [name])));
    return missing.length === 0 ? null : missing.join(' and ');
  }
  const { of, from } = rule;
  const given = from === undefined ? words.length : words.filter((word) => isOneOf(word, from)).length;
  if (given >= of) return null;
  const left = of - given;
  const whom = from === undefined ? 'who may approve here' : `of ${from.join(', ')}`;
  return `${left}${given > 0 ? ' more' : ''} ${left === 1 ? 'person' : 'people'} ${whom}`;
}

const isOneOf = ({ origin, groups }: ApprovalWord, names: readonly string[]): boolean =>
  names.some((name) =>
    name.startsWith('group/') ? groups.includes(name.slice('group/'.length)) : name === origin,
  );
