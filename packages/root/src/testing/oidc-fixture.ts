import type { TestContext } from 'node:test';
import { type RealIssuer, type RealIssuerOptions, realIssuer } from './real-issuer.ts';
import { type RootFixture, type RootFixtureOptions, rootFixture } from './root-fixture.ts';
import type { Page, ScriptedBrowser } from './scripted-browser.ts';

export interface OidcFixture {
  readonly root: RootFixture;
  readonly issuer: RealIssuer;
  /** Where browsers reach the root server. */
  readonly url: () => string;
  /** Begins on the status page, up to where the issuer sends the browser back. */
  begin(browser: ScriptedBrowser, login: string): Promise<string>;
  /** All the way to the status page. */
  signIn(browser: ScriptedBrowser, login: string): Promise<Page>;
}

/** A root server by which people sign in at a real issuer, where anna is in `operators` and may operate acme. */
export async function oidcFixture(
  t: Pick<TestContext, 'after'>,
  options: RootFixtureOptions & Omit<RealIssuerOptions, 'redirectUri'> = {},
): Promise<OidcFixture> {
  const root = await rootFixture(t, options);
  const url = (): string => root.running().apiUrl;
  const redirectUri = `${url()}/login/oidc/callback`;
  const issuer = await realIssuer(t, { ...options, redirectUri: () => redirectUri });
  issuer.setPerson('anna', { groups: ['everyone', 'operators'], preferred_username: 'Anna' });
  const { clientId, clientSecret } = issuer;
  await root.api('oidcSet', { body: { issuer: issuer.url, clientId, clientSecret, publicUrl: url() } });
  const grant = { role: 'operator' as const, scope: 'acme' };
  await root.api('groupGrants', { body: { group: 'operators', add: [grant] } });
  const begin = async (browser: ScriptedBrowser, login: string): Promise<string> => {
    const stop = (at: string): boolean => at.startsWith(redirectUri);
    let page = await browser.open(`${url()}/login/oidc`, stop);
    // The issuer remembers who signed in there before.
    if (page.text.includes('name="login"'))
      page = await browser.submit(page, { login, password: 'any' }, stop);
    if (page.status !== 0) page = await browser.submit(page, {}, stop);
    if (page.status !== 0) throw new Error(`${page.url} answers ${page.status}: ${page.text.slice(0, 500)}`);
    return page.url;
  };
  return {
    root,
    issuer,
    url,
    begin,
    signIn: async (browser, login) => {
      const entered = await browser.open(await begin(browser, login));
      return entered.status === 200 ? await browser.goOn(entered) : entered;
    },
  };
}
