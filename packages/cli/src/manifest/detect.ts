import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { isImageArchive } from '../publishing/image/source.ts';

/** What a folder tells about the package that it could become. */
export interface Findings {
  /** What was read, for the comment at the top. */
  readonly from: string;
  readonly component: string;
  readonly version: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly port?: number;
  /** An image layout or archive, as `folder` names it. */
  readonly image?: string;
}

type Json = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A valid name made of any text: `@acme/Shop API` becomes `shop-api`. */
export function asName(text: string): string {
  const last = text.split('/').at(-1) ?? '';
  const name = last
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63)
    .replace(/-+$/, '');
  return name || 'app';
}

/** Words of a command line as a unit or script has them; quotes group, nothing is expanded. */
export function splitWords(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double?.replace(/\\(.)/g, '$1') ?? single ?? bare ?? '',
  );
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder of package documents
const agentNode = '${node}';

/** `node server.js` runs with the Node of the agent, wherever that is. */
const withNode = (words: readonly string[]): string[] =>
  /^(.*\/)?node$/.test(words[0] ?? '') ? [agentNode, ...words.slice(1)] : [...words];

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

function fromPackageJson(text: string, folderName: string): Findings {
  const json: unknown = JSON.parse(text);
  const { name, version, scripts, main } = isRecord(json) ? json : {};
  const start = isRecord(scripts) && typeof scripts.start === 'string' ? scripts.start : undefined;
  // A script that needs a shell can't be taken over: no shell ever sees a command.
  const words = start === undefined || /[|&;<>$`]/.test(start) ? undefined : withNode(splitWords(start));
  const entry =
    start === undefined || words !== undefined
      ? words
      : typeof main === 'string'
        ? [agentNode, main]
        : undefined;
  return {
    from: start === undefined ? 'package.json' : 'package.json and its start script',
    component: asName(typeof name === 'string' ? name : folderName),
    version: typeof version === 'string' ? version.split('+')[0] || '0.1.0' : '0.1.0',
    ...(entry === undefined ? {} : { command: entry }),
  };
}

function fromUnit(text: string, file: string): Findings {
  const lines = text.replace(/\\\r?\n/g, ' ').split(/\r?\n/);
  const values = (key: string): string[] =>
    lines.flatMap((line) => (line.trim().startsWith(`${key}=`) ? [line.trim().slice(key.length + 1)] : []));
  const [exec] = values('ExecStart');
  const pairs = values('Environment')
    .flatMap(splitWords)
    .map((word) => word.replace(/^"|"$/g, ''));
  const environment = Object.fromEntries(
    pairs
      .filter((pair) => pair.includes('='))
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  return {
    from: `the systemd unit ${file}`,
    component: asName(file.replace(/\.service$/, '')),
    version: '0.1.0',
    ...(exec === undefined ? {} : { command: withNode(splitWords(exec.replace(/^[-@:+!]+/, ''))) }),
    ...(pairs.length === 0 ? {} : { environment }),
  };
}

function fromCompose(text: string, file: string): Findings | undefined {
  const compose: unknown = parseYaml(text);
  const services = isRecord(compose) && isRecord(compose.services) ? compose.services : {};
  const [entry] = Object.entries(services);
  if (entry === undefined || !isRecord(entry[1])) return undefined;
  const [name, { command, environment, ports }] = entry;
  const words =
    typeof command === 'string'
      ? splitWords(command)
      : Array.isArray(command)
        ? command.map(String)
        : undefined;
  const pairs = Array.isArray(environment)
    ? environment.map((pair) => String(pair).split(/=(.*)/s).slice(0, 2))
    : isRecord(environment)
      ? Object.entries(environment).map(([key, value]) => [key, String(value)])
      : [];
  const port = Number(/(\d+)(?:\/tcp)?$/.exec(String(Array.isArray(ports) ? ports[0] : ''))?.[1]);
  return {
    from: `the service ${name} of ${file}`,
    component: asName(name),
    version: '0.1.0',
    ...(words === undefined ? {} : { command: withNode(words) }),
    ...(pairs.length === 0 ? {} : { environment: Object.fromEntries(pairs) as Record<string, string> }),
    ...(port > 0 ? { port } : {}),
  };
}

/** An OCI image layout here or one below, or an archive of `docker save` or `podman save`. */
async function fromImage(folder: string, names: readonly string[]): Promise<Findings | undefined> {
  const isLayout = (name: string): boolean =>
    existsSync(join(folder, name, 'oci-layout')) && existsSync(join(folder, name, 'index.json'));
  const layout = ['.', ...names].find(isLayout);
  let found = layout;
  for (const name of names.filter((one) => one.endsWith('.tar'))) {
    if (found === undefined && (await isImageArchive(join(folder, name)))) found = name;
  }
  if (found === undefined) return undefined;
  return {
    from: layout === undefined ? `the image archive ${found}` : 'the image layout',
    component: asName(basename(folder)),
    version: '0.1.0',
    image: found,
  };
}

/** Looks at a folder: a container image says most, then a systemd unit, package.json, a Compose file; else it is files. */
export async function detect(folder: string): Promise<Findings> {
  const names = (await readdir(folder)).toSorted();
  const read = (name: string | undefined): Promise<string | undefined> =>
    name === undefined ? Promise.resolve(undefined) : readIfThere(join(folder, name));
  const image = await fromImage(folder, names);
  if (image !== undefined) return image;
  const unitName = names.find((name) => name.endsWith('.service'));
  const composeName = names.find((name) => /^(docker-)?compose\.ya?ml$/.test(name));
  const [unit, packageJson, compose] = await Promise.all([
    read(unitName),
    read('package.json'),
    read(composeName),
  ]);
  if (unit !== undefined && unitName !== undefined) return fromUnit(unit, unitName);
  if (packageJson !== undefined) return fromPackageJson(packageJson, basename(folder));
  const composed =
    compose === undefined || composeName === undefined ? undefined : fromCompose(compose, composeName);
  return (
    composed ?? { from: 'the files of this folder', component: asName(basename(folder)), version: '0.1.0' }
  );
}
