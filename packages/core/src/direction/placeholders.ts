import { XylemError } from '../errors.ts';
import { isSealed, readSealed, type Sealed } from '../wire/sealed.ts';
import type { Config } from './config.ts';

/** What the placeholders of a package's strings stand for (docs/spec/objects.md). */
export interface Places {
  readonly config: Config;
  /** Folder of the installed tree. */
  readonly tree: string;
  /** The component's data folder. */
  readonly data: string;
  /** The Node that runs the agent. */
  readonly node: string;
  /** Of the one of two instances that is meant; absent where a service has no two. */
  readonly port?: number;
  /** Where files that are about to be placed can be looked at; absent where there are none. */
  readonly rendered?: string;
  /** What stands for a sealed value; absent where none may stand. */
  readonly sealed?: (sealed: Sealed, key: string) => string;
}

const literalBrace = '$${';
/** An escape is a match of its own, so that another may follow at once. */
const placeholder = /\$\$\{|\$\{([^{}]*)(\})?/g;

/**
 * `text` with `${config.KEY}`, `${tree}`, `${data}`, `${node}` and `${port}` replaced, and `$${` as a literal `${`. A value stays
 * inside its one argument whatever it holds, and is not looked at again. Throws E_PLACEHOLDER.
 */
export function fillPlaceholders(text: string, places: Places): string {
  return text.replace(placeholder, (whole: string, name: string | undefined, closed: string | undefined) => {
    if (whole === literalBrace) return whole.slice(1);
    if (name === undefined || closed === undefined) return refuse(text, `"${whole}" is not closed by "}"`);
    if (name === 'port' && places.port !== undefined) return String(places.port);
    if (name === 'tree' || name === 'data' || name === 'node') return places[name];
    if (name === 'rendered' && places.rendered !== undefined) return places.rendered;
    if (!name.startsWith('config.')) return refuse(text, `"${whole}" is unknown`);
    return configValue(name.slice('config.'.length), places, text);
  });
}

/** A port given as a number or as text with placeholders. Throws E_PLACEHOLDER where it is none. */
export function fillPort(port: number | string, places: Places): number {
  const filled = typeof port === 'number' ? String(port) : fillPlaceholders(port, places);
  if (!/^[1-9]\d{0,4}$/.test(filled) || Number(filled) > 65_535) {
    return refuse(String(port), `it gives "${filled.slice(0, 50)}", expected a port from 1 to 65535`);
  }
  return Number(filled);
}

/** The names of the placeholders in `text`, so that a publisher hears of a mistake. Throws E_PLACEHOLDER. */
export function placeholdersIn(text: string): readonly string[] {
  const names: string[] = [];
  for (const [whole, name = '', closed] of text.matchAll(placeholder)) {
    if (whole === literalBrace) continue;
    if (closed === undefined) refuse(text, `"${whole}" is not closed by "}"`);
    if (!/^(tree|data|node|port|rendered|config\..+)$/.test(name)) refuse(text, `"${whole}" is unknown`);
    names.push(name);
  }
  return names;
}

function configValue(key: string, { config, sealed: standIn }: Places, text: string): string {
  const value = Object.hasOwn(config, key) ? config[key] : undefined;
  if (isSealed(value)) {
    const sealed = readSealed(value);
    if (sealed !== null && standIn !== undefined) return standIn(sealed, key);
    return refuse(text, `the value of "${key}" is sealed, and may stand in a service's environment only`);
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') {
    return refuse(
      text,
      value === undefined ? `the configuration has no "${key}"` : `"${key}" is no string, number or boolean`,
    );
  }
  // NUL would end the argument early for the operating system.
  if (value.includes('\0')) return refuse(text, `the value of "${key}" holds NUL`);
  return value;
}

function refuse(text: string, reason: string): never {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  throw new XylemError('E_PLACEHOLDER', `In ${JSON.stringify(shown)}: ${reason}.`, {
    details: { text: shown },
  });
}
