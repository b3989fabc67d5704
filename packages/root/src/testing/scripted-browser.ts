/** A page where the browser stopped. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Follows redirects and keeps cookies by origin as a browser does, and fills in the forms that it is told to. */
export class ScriptedBrowser {
  readonly cookies = new Map<string, Map<string, string>>();

  /** Follows redirects until a page comes, or until `stop` says that it goes no further; then the page is empty. */
  async open(
    url: string,
    stop: (url: string) => boolean = () => false,
    form: URLSearchParams | null = null,
  ): Promise<Page> {
    let [next, sent] = [url, form];
    for (let hops = 0; hops < 20; hops += 1) {
      if (stop(next)) return { url: next, status: 0, headers: new Headers(), text: '' };
      const response = await this.#ask(next, sent);
      const location = response.headers.get('location');
      if (location === null || response.status < 300 || response.status >= 400) {
        return { url: next, status: response.status, headers: response.headers, text: await response.text() };
      }
      await response.text();
      [next, sent] = [new URL(location, next).href, null];
    }
    throw new Error(`redirected for ever: ${next}`);
  }

  /** Sends the page's first form with its hidden fields and these. */
  async submit(
    { url, text }: Page,
    fields: Readonly<Record<string, string>>,
    stop?: (url: string) => boolean,
  ): Promise<Page> {
    const [form = ''] = /<form[\s\S]*?<\/form>/.exec(text) ?? [];
    const action = attribute(form, 'action');
    if (action === null) throw new Error(`no form at ${url}: ${text.slice(0, 500)}`);
    const body = new URLSearchParams();
    for (const [input] of form.matchAll(/<input[^>]*type="hidden"[^>]*>/g))
      body.set(attribute(input, 'name') ?? '', attribute(input, 'value') ?? '');
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    return await this.open(new URL(action, url).href, stop, body);
  }

  /** Where the page itself goes on to. */
  async goOn({ url, text }: Page): Promise<Page> {
    const [, next] = /http-equiv="refresh" content="0; ?url=([^"]+)"/.exec(text) ?? [];
    if (next === undefined) throw new Error(`the page at ${url} goes nowhere`);
    return await this.open(new URL(next, url).href);
  }

  async #ask(url: string, form: URLSearchParams | null): Promise<Response> {
    const { origin } = new URL(url);
    const jar = this.cookies.get(origin) ?? new Map<string, string>();
    this.cookies.set(origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(form === null ? {} : { method: 'POST', body: form }),
    });
    for (const text of response.headers.getSetCookie()) {
      const [pair = '', ...more] = text.split(';');
      const [name = '', ...value] = pair.split('=');
      const isOver = more.some((one) => /^\s*(max-age=0|expires=thu, 01 jan 1970)/i.test(one));
      if (isOver) jar.delete(name);
      else jar.set(name, value.join('='));
    }
    return response;
  }
}

function attribute(tag: string, name: string): string | null {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
  return value?.replaceAll('&amp;', '&') ?? null;
}
