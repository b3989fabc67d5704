import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { ProcessIdentity } from '../state/process-identity.ts';
import { accountOf } from './account.ts';
import { findMarkedLeader, markName } from './marked.ts';
import { instanceOf, type ServiceSpec } from './protocol.ts';
import type { ServiceRecord } from './records.ts';

/** Set in each service's environment beside its mark: by it a supervisor whose table was lost knows its services again. */
export const labelName = 'XYLEM_SERVICE';

/** Which folder's service, started how, from which tree, which one. Pure. */
export function labelOf(supervisorFolder: string, spec: ServiceSpec): string {
  return [idOf(supervisorFolder), spec.fingerprint, spec.tree, instanceOf(spec)].join('/');
}

const idOf = (supervisorFolder: string): string =>
  createHash('sha256').update(supervisorFolder).digest('hex').slice(0, 16);

/**
 * What of this folder's services runs under marks that are not `known`, as it can be kept until the agent says its spec
 * again.
 */
export function findServices(supervisorFolder: string, known: ReadonlySet<string>): ServiceRecord[] {
  const own = `${labelName}=${idOf(supervisorFolder)}/`;
  const found = new Map<string, ServiceRecord>();
  for (const name of readdirSync('/proc')) {
    const set = /^[0-9]+$/.test(name) ? environmentOf(name) : [];
    const label = set.find((variable) => variable.startsWith(own))?.slice(own.length);
    const mark = set.find((variable) => variable.startsWith(`${markName}=`))?.slice(markName.length + 1);
    if (label === undefined || mark === undefined || known.has(mark) || found.has(mark)) continue;
    const one = asFound(label, mark);
    if (one !== null) found.set(mark, one);
  }
  return [...found.values()];
}

function environmentOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function asFound(label: string, mark: string): ServiceRecord | null {
  const [fingerprint, tree, instance] = label.split('/');
  const [component = ''] = instance?.split('@') ?? [];
  const leader = findMarkedLeader(mark);
  if (fingerprint === undefined || tree === undefined || component === '' || leader === null) return null;
  const spec: ServiceSpec = {
    component,
    ...(instance === undefined || instance === component ? {} : { instance }),
    // It is never started by this: its package alone says how.
    command: ['/bin/false'],
    environment: {},
    workingFolder: '/',
    stopTimeoutMs: 10_000,
    tree,
    terms: { restart: { policy: 'never' } },
    fingerprint,
  };
  return { spec, mark, process: leader, startedAt: 0, restarts: 0, lastExit: null, found: true };
}

/** Whether a found process is run by whom `spec` names: a label is no secret to everybody, and proves nothing. */
export function isRunAs(spec: ServiceSpec, { pid }: ProcessIdentity): boolean {
  try {
    const account = accountOf(spec.terms ?? {});
    return statSync(`/proc/${pid}`).uid === (account?.uid ?? process.getuid?.());
  } catch {
    return false;
  }
}
