import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { XylemError } from '@xylem/core';
import { changing } from './changing.ts';
import { type Context, type Contexts, parseContexts } from './contexts.ts';

/** The person's own folder: which root servers they speak to, and the keys they publish with. Mode 0700. */
export interface Home {
  readonly folder: string;
  readonly keysFolder: string;
  contexts(): Promise<Contexts>;
  /** The root server to ask: by name, by XYLEM_URL and XYLEM_TOKEN, or the current one. @throws E_NOT_LOGGED_IN */
  context(name?: string): Promise<Context>;
  /**
   * Remembers a context and makes it the current one.
   * @param name or what chooses one while no other command changes what is known
   * @returns the name
   */
  remember(name: string | ((known: Contexts) => string), context: Context): Promise<string>;
  /** Makes a known context the current one. @throws E_NOT_LOGGED_IN */
  use(name: string): Promise<Context>;
}

/** Half of it would mean another root server than the one that was meant. @throws XylemError E_INPUT */
function fromEnvironment(
  url: string | undefined,
  token: string | undefined,
  pin: string | undefined,
): Context {
  if (!url || !token) {
    const missing = url ? 'XYLEM_TOKEN' : 'XYLEM_URL';
    throw new XylemError('E_INPUT', `${missing} is not set: XYLEM_URL and XYLEM_TOKEN belong together.`);
  }
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new XylemError(
      'E_INPUT',
      `XYLEM_URL is "${url}", which is no address of a root server, such as http://127.0.0.1:8440.`,
    );
  }
  return { url, token, ...(pin ? { pin } : {}) };
}

export function createHome(environment: NodeJS.ProcessEnv): Home {
  const folder = resolve(environment.XYLEM_HOME || join(homedir(), '.xylem'));
  const path = join(folder, 'contexts.json');

  const contexts = async (): Promise<Contexts> => {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { contexts: {} };
      throw new XylemError('E_INPUT', `${path} can't be read: ${(error as Error).message}`, { cause: error });
    }
    return parseContexts(text, path);
  };

  const write = async (next: Contexts): Promise<void> => {
    const { writeFileAtomic } = await import('@xylem/platform');
    await writeFileAtomic(path, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 });
  };

  return {
    folder,
    keysFolder: join(folder, 'keys'),
    contexts,
    async context(name) {
      const { XYLEM_URL: url, XYLEM_TOKEN: token, XYLEM_PIN: pin } = environment;
      if (name === undefined && (url || token)) return fromEnvironment(url, token, pin);
      const known = await contexts();
      return named(known, name ?? known.current);
    },
    remember: (wanted, context) =>
      changing(folder, async () => {
        const known = await contexts();
        const name = typeof wanted === 'string' ? wanted : wanted(known);
        await write({ current: name, contexts: { ...known.contexts, [name]: context } });
        return name;
      }),
    use: (name) =>
      changing(folder, async () => {
        const known = await contexts();
        const context = named(known, name);
        await write({ ...known, current: name });
        return context;
      }),
  };
}

/** @throws XylemError E_NOT_LOGGED_IN naming those that are known */
function named({ contexts }: Contexts, wanted: string | undefined): Context {
  const found = wanted !== undefined && Object.hasOwn(contexts, wanted) ? contexts[wanted] : undefined;
  if (found !== undefined) return found;
  throw new XylemError(
    'E_NOT_LOGGED_IN',
    wanted === undefined
      ? 'No root server is known here yet.'
      : `No root server is known by the name "${wanted}"; known are: ${Object.keys(contexts).join(', ') || 'none'}.`,
  );
}
