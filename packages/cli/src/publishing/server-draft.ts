import { toB64u, XylemError } from '@xylem/core';
import { type Clock, formatTime } from '@xylem/platform';
import {
  type Draft,
  draftChange,
  type KeyChange,
  type RoleKeys,
  readCeremony,
  readRoot,
  type TrustedRepository,
  writeCeremony,
} from '@xylem/trust';
import type { Api } from '../api/client.ts';
import { environmentParams } from '../selection/environments.ts';

/**
 * A direction's next root as the root server drafted it, checked before anybody signs it: of the form that this program
 * drafts, next in the chain, and with exactly these keys for the root role. The other keys are the root server's own;
 * with another root key it could take back what an operator takes.
 * @throws XylemError E_TRUST, E_METADATA_INVALID
 */
export async function checkServerDraft(
  trusted: TrustedRepository,
  draft: Draft,
  root: RoleKeys,
  clock: Pick<Clock, 'now'>,
): Promise<Draft> {
  const began = formatTime(clock.now()) as Parameters<typeof writeCeremony>[0]['began'];
  const { drafts } = await readCeremony(writeCeremony({ trusted, drafts: [draft], began }), trusted.id);
  const [checked] = drafts;
  if (checked !== undefined && sameRole(readRoot(checked.bytes).roles.root, root)) return checked;
  throw new XylemError(
    'E_TRUST',
    'The root server drafted other root keys than were asked for. Nothing was signed.',
  );
}

function sameRole(one: RoleKeys, other: RoleKeys): boolean {
  const ids = ({ keys }: RoleKeys): string =>
    keys
      .map(({ keyId }) => keyId)
      .toSorted((a, b) => (a < b ? -1 : 1))
      .join();
  return ids(one) === ids(other) && (one.threshold ?? 1) === (other.threshold ?? 1);
}

/**
 * The metadata that changes keys. An environment's root is drafted by the root server, which signs it with those of its
 * root keys that it holds; checked as above.
 */
export async function draftKeys(
  api: Api,
  trusted: TrustedRepository,
  environment: string | undefined,
  change: KeyChange,
  clock: Pick<Clock, 'now'>,
): Promise<Draft[]> {
  if (environment === undefined) return await draftChange(trusted, change, clock.now());
  const root = change.root?.root ?? trusted.root.roles.root;
  const { base, metadata } = await api.call('environmentKeysNext', {
    params: await environmentParams(api, environment),
    body: {
      rotate: [],
      root: { keys: root.keys.map((key) => toB64u(key.public)), threshold: root.threshold ?? 1 },
    },
  });
  return [await checkServerDraft(trusted, { role: 'root', base, bytes: Buffer.from(metadata) }, root, clock)];
}
