import { XylemError } from '@xylem/core';
import type { Api } from '../api/client.ts';
import type { Invocation } from '../frame/define.ts';
import { bringSource } from './bring.ts';
import type { Source } from './read-source.ts';

type Tools = Pick<Invocation, 'home' | 'clock' | 'randomness' | 'signal' | 'terminal' | 'self'>;

/**
 * Looks at sources until the signal ends it. A source that can't be had holds up no other; each new thing is said once.
 * @param when.woken resolves when somebody says that there is something new
 */
export async function watchSources(
  tools: Tools,
  server: Api,
  sources: readonly Source[],
  when: { readonly everyMs: number; readonly woken: () => Promise<void> },
): Promise<void> {
  const { signal, terminal } = tools;
  const said = new Map<string, string>();
  while (!signal.aborted) {
    // Asked for before looking, so that what happens meanwhile is not missed.
    const woken = when.woken();
    for (const source of sources) {
      const text = await look(tools, server, source);
      if (signal.aborted) return;
      if (text !== said.get(source.file)) terminal.line(text);
      said.set(source.file, text);
    }
    await pause(when.everyMs, woken, signal);
  }
}

async function look(tools: Tools, server: Api, source: Source): Promise<string> {
  try {
    return (await bringSource(tools, server, source)).said;
  } catch (error) {
    if (tools.signal.aborted) return '';
    if (!(error instanceof XylemError)) throw error;
    return `${source.file}: ${error.code}: ${error.message}`;
  }
}

async function pause(ms: number, woken: Promise<void>, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    void woken.then(end);
  });
}
