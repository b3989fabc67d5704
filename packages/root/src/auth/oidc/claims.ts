import { printable } from '../printable.ts';
import { oidcFault } from './faults.ts';

/** What an issuer says about someone. */
export interface OidcPerson {
  /** Theirs for ever at this issuer. */
  readonly sub: string;
  readonly name: string;
  readonly groups: readonly string[];
}

export type Claims = Readonly<Record<string, unknown>>;
export interface ClaimNames {
  readonly groupsClaim: string;
  readonly nameClaim: string;
}

const maxGroups = 1000;
const maxGroupLength = 200;

/** Whether what is needed stands in the ID token already, and nothing more must be asked. */
export const isComplete = (claims: Claims, { groupsClaim, nameClaim }: ClaimNames): boolean =>
  Object.hasOwn(claims, groupsClaim) && Object.hasOwn(claims, nameClaim);

/**
 * Pure: the person of verified claims. One group may be a text instead of a list.
 * @throws XylemError E_OIDC: no groups claim, too many groups, or claims of another kind
 */
export function personOf(claims: Claims, { groupsClaim, nameClaim }: ClaimNames): OidcPerson {
  const own = (name: string): unknown => (Object.hasOwn(claims, name) ? claims[name] : undefined);
  const sub = own('sub');
  // OpenID Connect Core 1.0, section 2: at most 255 ASCII characters. A space would end the account in an audit entry.
  if (typeof sub !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(sub))
    throw oidcFault(
      'claims',
      'The issuer names nobody in the claim sub (at most 255 ASCII characters, no space).',
    );
  const given = own(groupsClaim);
  if (given === undefined) {
    throw oidcFault(
      'groups-claim',
      `The issuer says nothing of groups: its token and its user information have no claim ${groupsClaim}.`,
    );
  }
  const groups = typeof given === 'string' ? [given] : given;
  if (!Array.isArray(groups) || !groups.every((group) => typeof group === 'string'))
    throw oidcFault('groups-claim', `The claim ${groupsClaim} is no list of names of groups.`);
  if (groups.length > maxGroups)
    throw oidcFault('groups-claim', `The claim ${groupsClaim} names more than ${maxGroups} groups.`);
  const name = own(nameClaim);
  const readable = typeof name === 'string' && name.trim() !== '' ? name : sub;
  return {
    sub,
    name: printable(readable).slice(0, 100),
    // A longer one can be the name of no group that was given anything.
    groups: [...new Set(groups)].filter((group) => group !== '' && group.length <= maxGroupLength),
  };
}
