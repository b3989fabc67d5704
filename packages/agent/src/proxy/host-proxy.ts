import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { chooseProxy, type Log, readProxy } from '@xylem/platform';
import { type JsonFile, jsonFile } from '../state/json-file.ts';
import { stateLayout } from '../state/layout.ts';

/** `local/proxy.json`: the proxy through which this host reaches its parents, as people on it said. */
export interface HostProxy {
  /** With user and password where it wants them; null: none, whatever the environment says. */
  readonly url: string | null;
  /** Which nodes are reached without it, as words of NO_PROXY. */
  readonly except: readonly string[];
}

export interface HostProxies {
  /** As the environment of a process says it, for `createHttpClient`. */
  readonly environment: NodeJS.ProcessEnv;
  /** What is kept for this host; null: nothing, so that the environment rules. */
  readonly kept: HostProxy | null;
}

/** What is kept for a host goes before the environment of a process, which a unit of systemd does not have. */
export async function hostProxies(
  stateFolder: string,
  environment: NodeJS.ProcessEnv,
  log: Log,
): Promise<HostProxies> {
  const kept = await proxyFile(stateFolder, log).read();
  return { environment: kept === null ? environment : asEnvironment(kept), kept };
}

/** Keeps what a person on this host said; null: nothing, so that the environment rules again. */
export async function keepHostProxy(stateFolder: string, proxy: HostProxy | null, log: Log): Promise<void> {
  const file = proxyFile(stateFolder, log);
  if (proxy === null) {
    await rm(file.path, { force: true });
    return;
  }
  if (proxy.url !== null) readProxy(proxy.url);
  await mkdir(dirname(file.path), { recursive: true, mode: 0o700 });
  await file.write(proxy);
}

/** The proxy that an environment names for a URL, to be kept; null: it names none. */
export function proxyOfEnvironment(url: string, environment: NodeJS.ProcessEnv): HostProxy | null {
  if (chooseProxy(new URL(url), environment) === null) return null;
  const { https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY, no_proxy, NO_PROXY } = environment;
  return {
    url: https_proxy || HTTPS_PROXY || all_proxy || ALL_PROXY || null,
    except: exceptions(no_proxy || NO_PROXY || ''),
  };
}

export const exceptions = (text: string): string[] => text.split(/[\s,]+/).filter((word) => word !== '');

function asEnvironment({ url, except }: HostProxy): NodeJS.ProcessEnv {
  return url === null ? {} : { ALL_PROXY: url, NO_PROXY: except.join(',') };
}

const proxyFile = (stateFolder: string, log: Log): JsonFile<HostProxy> =>
  jsonFile(stateLayout(stateFolder).proxy, 'xylem-proxy-1', parse, log);

function parse({ url, except }: Record<string, unknown>): HostProxy {
  if (url !== null && typeof url !== 'string') throw new Error('url is no text');
  if (!Array.isArray(except) || !except.every((word) => typeof word === 'string'))
    throw new Error('except is no list of texts');
  if (url !== null) readProxy(url);
  return { url, except };
}
