import { XylemError } from '@xylem/core';
import { defineCommand, list, requiredText, text } from '../../frame/define.ts';
import { grantOptions, grantsText, readGrants } from '../api-token/shared.ts';
import { claimsText } from './shared.ts';

/** `ref=refs/heads/main` each, cut at the first `=`. @throws XylemError E_INPUT */
function readClaims(words: readonly string[]): Record<string, string> {
  const claims = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf('=');
    const [name, value] = [word.slice(0, at), word.slice(at + 1)];
    if (at < 1 || value === '' || claims.has(name))
      throw new XylemError('E_INPUT', `--match ${word} is not valid. Write each claim once, as claim=value.`);
    claims.set(name, value);
  }
  if (claims.size > 0) return Object.fromEntries(claims);
  const message = 'Say by --match claim=value whose tokens are meant: an issuer serves many more than you.';
  throw new XylemError('E_INPUT', message);
}

export const command = defineCommand({
  about:
    'A job with a token of this issuer, for this audience, in which every claim has exactly the value given, gets an API token of 15 minutes by `xylem login --exchange-token`. Several rules that fit add up.',
  options: {
    issuer: requiredText('<url>', 'who signs the tokens, exactly as they name it in the claim iss'),
    audience: text('<audience>', 'for whom they must be meant, the claim aud (default: xylem)'),
    match: list('<claim=value>', 'what a token must say; repeatable, all must hold'),
    ...grantOptions,
  },
  example:
    'xylem ci trust --issuer https://token.actions.githubusercontent.com --match repository=acme/shop --match ref=refs/heads/main --role publisher --in product:shop',
  async run({ options, api }) {
    const { issuer, audience = 'xylem', match, role, in: scopes } = options;
    const body = { issuer, audience, match: readClaims(match), grants: readGrants(role, scopes) };
    const rule = await (await api()).call('ciTrust', { body });
    return {
      data: rule,
      text: `Rule ${rule.id}: jobs of ${rule.issuer} with ${claimsText(rule.match)} for ${rule.audience} are ${grantsText(rule.grants)}, for 15 minutes each.\nIn the job: xylem login URL --exchange-token FILE`,
    };
  },
});
