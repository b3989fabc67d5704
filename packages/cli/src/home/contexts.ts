import { createHash } from 'node:crypto';
import { XylemError } from '@xylem/core';

/** A root server, as a person reaches it. */
export interface Context {
  readonly url: string;
  readonly token: string;
  /** b64u of the SHA-256 of the CA's SubjectPublicKeyInfo; for https with the installation's own certificate. */
  readonly pin?: string;
  /** The CA's certificate (PEM), learnt by the pin at login. */
  readonly ca?: string;
  /** Id of the release repository, so that a publisher signs for no other. */
  readonly repository?: string;
  /** State folder of a root server that `xylem start` runs on this machine. */
  readonly state?: string;
}
export interface Contexts {
  readonly current?: string;
  readonly contexts: Readonly<Record<string, Context>>;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
const isContext = (value: unknown): value is Context =>
  isRecord(value) &&
  typeof value.url === 'string' &&
  typeof value.token === 'string' &&
  (value.pin === undefined || typeof value.pin === 'string') &&
  (value.ca === undefined || typeof value.ca === 'string') &&
  (value.repository === undefined || typeof value.repository === 'string') &&
  (value.state === undefined || typeof value.state === 'string');

/** @throws XylemError E_INPUT naming the file when it is damaged */
export function parseContexts(text: string, path: string): Contexts {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  if (isRecord(parsed) && isRecord(parsed.contexts) && Object.values(parsed.contexts).every(isContext)) {
    const contexts = parsed.contexts as Record<string, Context>;
    return typeof parsed.current === 'string' ? { current: parsed.current, contexts } : { contexts };
  }
  throw new XylemError('E_INPUT', `${path} is damaged. Remove it and run \`xylem login\` again.`);
}

/**
 * The name by which `xylem start` remembers the root server of a state folder: `local` for the usual folder of the
 * first checkout, else one told apart by the path. A name is never taken from another root server, whose token it holds.
 */
export function contextOfState(folder: string, usual: string, { contexts }: Contexts): string {
  const own = Object.entries(contexts).find(([, { state }]) => state === folder);
  if (own !== undefined) return own[0];
  const { local } = contexts;
  if (folder === usual && local?.state === undefined) return 'local';
  return `local-${createHash('sha256').update(folder).digest('hex').slice(0, 8)}`;
}
