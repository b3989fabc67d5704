import { XylemError } from '@xylem/core';

/** `1 host`, `3 hosts`. */
export const counted = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? '' : 's'}`;

/** `612 bytes`, `4.9 MB`: decimal, as disks and networks count. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return counted(bytes, 'byte');
  const units = ['kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  // 999,999 bytes are 1.0 MB, not 1000.0 kB.
  const text = (bytes / 1000 ** power).toFixed(1);
  return text === '1000.0' && power < units.length ? `1.0 ${units[power]}` : `${text} ${units[power - 1]}`;
}

/** How long ago, in the largest unit that fits: `12s`, `5m`, `3h`, `4d`; `never` for null. */
export function age(time: string | null, nowMs: number): string {
  if (time === null) return 'never';
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(time)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

const name = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const namePattern = new RegExp(`^${name}$`);
const versionPattern = /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?$/;

export const isName = (text: string): boolean => namePattern.test(text);
export const isVersion = (text: string): boolean => versionPattern.test(text);

/** Reads `shop@2.4.0`. @throws XylemError E_INPUT with an example */
export function nameAtVersion(
  word: string,
  what: string,
): { readonly name: string; readonly version: string } {
  const at = word.lastIndexOf('@');
  const found = { name: word.slice(0, at), version: word.slice(at + 1) };
  if (at > 0 && isName(found.name) && isVersion(found.version)) return found;
  throw new XylemError(
    'E_INPUT',
    `"${word}" is no ${what}. Write a name, @ and a semantic version, as in shop@2.4.0.`,
  );
}

/** What a deployment can be of: `shop@2.4.0`, or `shop/stable`, a channel. @throws XylemError E_INPUT */
export function releaseOrChannel(word: string): {
  readonly product: string;
  readonly version?: string;
  readonly channel?: string;
} {
  const [product = '', channel = '', ...more] = word.split('/');
  if (more.length === 0 && isName(product) && isName(channel)) return { product, channel };
  const { name: named, version } = nameAtVersion(word, 'release or channel (shop/stable)');
  return { product: named, version };
}

/** Reads `tenant/environment` or, where one tenant is enough, `environment`. @throws XylemError E_INPUT */
export function environmentName(word: string): string {
  const parts = word.split('/');
  if (parts.length <= 2 && parts.every(isName)) return word;
  throw new XylemError(
    'E_INPUT',
    `"${word}" is no environment's name. Write tenant/environment in lower-case letters, digits and -, as in acme/production.`,
  );
}

/** `web-1` or `a host`: one word among the arguments that must be there. */
export function only(args: readonly string[]): string {
  const [word] = args;
  if (word === undefined) throw new XylemError('E_INTERNAL', 'A command was defined without its argument.');
  return word;
}
