import { X509Certificate } from 'node:crypto';
import { type EnvironmentSpec, type Probe, probesFrom } from '@xylem/core';
import { yamlFault } from '@xylem/core/yaml';
import { namesInnerAddress } from '@xylem/platform';
import type { Access } from '../auth/access.ts';
import type { Database } from '../db/tables.ts';

type Policy = Pick<EnvironmentSpec, 'policy'>;
/** What hosts ask is bounded by the hosts (docs/spec/direction.md, Probes). */
const ownProbes = ({ policy }: Policy): Probe[] => probesFrom(policy.verify ?? [], 'root');
const urlsOf = (policy: Policy): string[] => [...new Set(ownProbes(policy).map(({ url }) => url))];

/** An environment whose YAML is written, and by whom. */
export interface ProbesWritten {
  readonly environment: string;
  readonly before: Policy | null;
  readonly after: Policy;
  readonly access: Pick<Access, 'everywhere'>;
}

/** Found when it is written, not when it is asked. @throws XylemError E_INPUT */
export async function refuseBadProbes(
  db: Database,
  yaml: string,
  name: string,
  written: ProbesWritten,
): Promise<void> {
  const anywhere = await mayGoAnywhere(db, written);
  for (const [index, probe] of (written.after.policy.verify ?? []).entries()) {
    const fault = writtenFault(probe, probe.from === 'hosts' || anywhere.has(probe.url));
    if (fault !== null) throw yamlFault(yaml, name, ['policy', 'verify', index, fault.key], fault.clause);
  }
}

/** What nobody may write of a probe, or not who does; null: nothing. @param isFree it may lie in a network inside */
export function writtenFault(
  { url, ca }: Probe,
  isFree: boolean,
): { readonly key: 'ca' | 'url'; readonly clause: string } | null {
  if (ca !== undefined && !isCertificate(ca))
    return { key: 'ca', clause: 'expected certificates in PEM that can be read' };
  return isFree || !namesInnerAddress(url)
    ? null
    : {
        key: 'url',
        clause:
          'the address lies in a network inside, which only who operates the whole installation may write',
      };
}

/**
 * Keeps which addresses may lie inside, in the transaction that saves the YAML. Who operates the whole installation
 * allows what they add, and not what somebody else had written before.
 */
export async function saveAddresses(trx: Database, written: ProbesWritten): Promise<void> {
  const { environment, after } = written;
  const anywhere = await mayGoAnywhere(trx, written);
  const rows = urlsOf(after).map((url) => ({ environment, url, anywhere: anywhere.has(url) ? 1 : 0 }));
  await trx.deleteFrom('probe_addresses').where('environment', '=', environment).execute();
  if (rows.length > 0) await trx.insertInto('probe_addresses').values(rows).execute();
  const names = ownProbes(after).map(({ name }) => name);
  await trx
    .deleteFrom('probe_results')
    .where('environment', '=', environment)
    .$if(names.length > 0, (query) => query.where('name', 'not in', names))
    .execute();
}

async function mayGoAnywhere(
  db: Database,
  { environment, before, after, access }: ProbesWritten,
): Promise<Set<string>> {
  const known = new Set(before === null ? [] : urlsOf(before));
  const allowed = await addressesAnywhere(db, environment);
  const mayAdd = access.everywhere('operate');
  return new Set(urlsOf(after).filter((url) => allowed.has(url) || (mayAdd && !known.has(url))));
}

/** The addresses of an environment that may lie in a network inside. */
export async function addressesAnywhere(db: Database, environment: string): Promise<Set<string>> {
  const rows = await db
    .selectFrom('probe_addresses')
    .select('url')
    .where('environment', '=', environment)
    .where('anywhere', '=', 1)
    .execute();
  return new Set(rows.map(({ url }) => url));
}

function isCertificate(pem: string): boolean {
  try {
    return pem
      .split(/(?<=-----END CERTIFICATE-----)\n*/)
      .filter((part) => part !== '')
      .every((part) => new X509Certificate(part).subject !== undefined);
  } catch {
    return false;
  }
}
