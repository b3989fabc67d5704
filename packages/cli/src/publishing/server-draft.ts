import { XylemError } from '@xylem/core';
import { type Clock, formatTime } from '@xylem/platform';
import {
  type Draft,
  type RoleKeys,
  readCeremony,
  readRoot,
  type TrustedRepository,
  writeCeremony,
} from '@xylem/trust';

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
