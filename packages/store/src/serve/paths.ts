import type { Digest, DomainId, EnvironmentId } from '@xylem/core';

/** What a request asks for. */
export type Asked =
  | { readonly kind: 'object' | 'offer' | 'patches'; readonly domain: DomainId; readonly digest: Digest }
  | { readonly kind: 'metadata'; readonly repository: string }
  | { readonly kind: 'news'; readonly environment: EnvironmentId }
  | ({ readonly kind: 'host-map' } & HostMapFileId);

/** Which nodes of a host map a file holds. */
export interface HostMapFileId {
  readonly environment: EnvironmentId;
  /** Root of the map that its reader has; null: none. */
  readonly from: Digest | null;
  readonly to: Digest;
}

/** A servable file: its path without the first `/`, what authorisation looks at, and whether it can ever change. */
export interface Servable {
  readonly path: string;
  readonly asked: Asked;
  readonly immutable: boolean;
}

const object = /^\/o\/([0-9a-f]{32})\/([0-9a-f]{64})$/;
const offer = /^\/o\/([0-9a-f]{32})\/offers\/([0-9a-f]{64})$/;
const patches = /^\/o\/([0-9a-f]{32})\/patches\/([0-9a-f]{64})$/;
const news = /^\/news\/([0-9a-f]{32})\/[0-9]{1,16}-[0-9]{1,16}$/;
const hostMap = /^\/news\/([0-9a-f]{32})\/map-([0-9a-f]{64}|0)-([0-9a-f]{64})$/;
const metadata = /^\/r\/([0-9a-f]{32})\/metadata\/(timestamp|[0-9]{1,16}\.[a-z0-9-]+)\.json$/;
const target = /^\/r\/([0-9a-f]{32})\/targets\/(?:[a-z0-9-]+\/){0,4}[0-9a-f]{64}\.[a-z0-9-]+\.json$/;

/** Only these shapes of docs/spec/repository.md exist; whatever else a URL says, no file is looked for. */
export function servableOf(url: string): Servable | null {
  const end = url.indexOf('?');
  const path = end < 0 ? url : url.slice(0, end);
  const as = (asked: Asked, immutable: boolean): Servable => ({ path: path.slice(1), asked, immutable });
  let match = object.exec(path);
  if (match !== null) {
    return as({ kind: 'object', domain: match[1] as DomainId, digest: match[2] as Digest }, true);
  }
  match = offer.exec(path);
  if (match !== null) {
    return as({ kind: 'offer', domain: match[1] as DomainId, digest: match[2] as Digest }, false);
  }
  match = patches.exec(path);
  if (match !== null) {
    return as({ kind: 'patches', domain: match[1] as DomainId, digest: match[2] as Digest }, false);
  }
  match = news.exec(path);
  if (match !== null) return as({ kind: 'news', environment: match[1] as EnvironmentId }, true);
  match = hostMap.exec(path);
  if (match !== null) {
    const from = match[2] === '0' ? null : (match[2] as Digest);
    const id = { environment: match[1] as EnvironmentId, from, to: match[3] as Digest };
    return as({ kind: 'host-map', ...id }, true);
  }
  match = metadata.exec(path);
  if (match !== null) {
    return as({ kind: 'metadata', repository: match[1] ?? '' }, match[2] !== 'timestamp');
  }
  match = target.exec(path);
  return match === null ? null : as({ kind: 'metadata', repository: match[1] ?? '' }, true);
}

/** Its path without the first `/`. */
export const hostMapFilePath = ({ environment, from, to }: HostMapFileId): string =>
  `news/${environment}/map-${from ?? 0}-${to}`;
