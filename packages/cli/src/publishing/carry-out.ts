import { XylemError } from '@xylem/core';
import { formatTime } from '@xylem/platform';
import {
  changeInWords,
  coSign,
  type Draft,
  missingSignatures,
  requirementsOf,
  shortId,
  type TrustedRepository,
  writeCeremony,
} from '@xylem/trust';
import type { Api } from '../api/client.ts';
import type { Invocation, Outcome } from '../frame/define.ts';
import { heldOf, openSigner, readKeyRing } from './key-ring.ts';
import { requireFree, writeNewFile } from './out-file.ts';

type Here = Pick<Invocation, 'terminal' | 'signal' | 'clock' | 'home'>;

/** What a change says, with the names that keys have in this folder. */
export async function inWords(
  keysFolder: string,
  trusted: TrustedRepository,
  drafts: readonly Draft[],
): Promise<string[]> {
  const ring = await readKeyRing(keysFolder);
  return changeInWords(trusted, drafts, (keyId) => ring.find((one) => one.shortId === shortId(keyId))?.what);
}

/**
 * Shows the change and asks.
 * @throws XylemError E_CONFIRMATION when the answer is no, or nobody can be asked and there is no --yes
 */
export async function confirmWords(here: Here, words: readonly string[], yes: boolean): Promise<void> {
  for (const line of words) here.terminal.note(line);
  if (yes) return;
  if (!here.terminal.interactive) throw nobodyAsked();
  if (!(await here.terminal.confirm('Sign this?', here.signal))) {
    throw new XylemError('E_CONFIRMATION', 'It was not confirmed, and nothing was signed.');
  }
}

/** Each draft with the signatures of the keys that this person holds of those who must sign it. */
export async function signHere(
  keysFolder: string,
  trusted: TrustedRepository,
  drafts: readonly Draft[],
): Promise<{ drafts: Draft[]; signedWith: string[] }> {
  const signedWith = new Set<string>();
  const signed: Draft[] = [];
  for (const draft of drafts) {
    const wanted = requirementsOf(trusted, drafts, draft).flatMap(({ keys }) =>
      keys.map(({ keyId }) => keyId),
    );
    const held = await heldOf(keysFolder, [...new Set(wanted)]);
    const signers = [];
    for (const one of held) {
      const signer = await openSigner(one, `${draft.role} metadata of the repository ${trusted.id}`);
      // A file may be named by the beginning of an id that is not its own.
      if (!wanted.includes(signer.keyId)) continue;
      signers.push(signer);
      signedWith.add(signer.keyId);
    }
    signed.push({ ...draft, bytes: await coSign(draft.bytes, signers) });
  }
  return { drafts: signed, signedWith: [...signedWith] };
}

/** `root: 1 of 2 keys of root, version 3, have signed`, one line for each demand that is not met. */
export function stillMissing(trusted: TrustedRepository, drafts: readonly Draft[]): string[] {
  return missingSignatures(trusted, drafts).map(({ role, whose, signed, threshold, keys }) => {
    const others = keys.filter(({ keyId }) => !signed.some((one) => one.keyId === keyId));
    const who = others.map(({ keyId }) => shortId(keyId)).join(', ');
    return `${role}: signed by ${signed.length} of the ${threshold} keys that it needs of ${whose}; possible are ${who}`;
  });
}

/** Sends what all have signed; the root server takes it whole or not at all. */
export async function sendChange(api: Api, trusted: TrustedRepository, drafts: readonly Draft[]) {
  const upload = ({ role, base, bytes }: Draft) => ({
    role,
    baseVersion: base,
    metadata: Buffer.from(bytes).toString(),
  });
  const of = (name: string): Draft | undefined => drafts.find(({ role }) => role === name);
  const [root, targets] = [of('root'), of('targets')];
  if (trusted.targets === null) {
    const { environments } = await api.call('environmentList', {});
    const found = environments.find(({ id }) => id === trusted.id);
    if (found === undefined || root === undefined) {
      throw new XylemError('E_NOT_FOUND', `${api.url} has no environment ${trusted.id}.`);
    }
    const { tenant, environment } = found;
    const body = { base: root.base, metadata: Buffer.from(root.bytes).toString() };
    const { version } = await api.call('environmentKeysPut', { params: { tenant, environment }, body });
    return { rootVersion: version };
  }
  const products = trusted.products
    .map(({ product, domain }) => ({
      product,
      roles: drafts.filter(({ role }) => role.startsWith(`p-${domain}`)).map(upload),
    }))
    .filter(({ roles }) => roles.length > 0);
  return await api.call('releaseKeysPut', {
    body: {
      ...(root === undefined ? {} : { root: upload(root) }),
      ...(targets === undefined ? {} : { targets: upload(targets) }),
      products,
    },
    timeoutMs: 300_000,
  });
}

/** What is to be signed, and what `--json` says of it beyond the signatures. */
export interface Change {
  readonly trusted: TrustedRepository;
  readonly drafts: readonly Draft[];
  readonly data?: Readonly<Record<string, unknown>>;
}

/** A command that signs a change: with `--yes` it asks nobody. */
type Asking = Here & { readonly options: { readonly yes: boolean } };
/** A command that signs a change and sends it, or with `--out` leaves it to others to sign too. */
export type Signing = Asking & { readonly options: { readonly out: string | undefined } };

/** Keys of which so many must sign. */
interface Signatories {
  readonly keys: readonly { readonly keyId: string }[];
  readonly threshold?: number;
}

/**
 * Refuses what signing would refuse, before the root server makes a key that would stay. Of a key that a command holds
 * only signing tells.
 * @param who must sign; null where the root server does
 * @throws XylemError E_CONFIRMATION, E_THRESHOLD, E_KEY_INVALID
 */
export async function requireReady(
  { options: { out, yes }, terminal, home: { keysFolder } }: Signing,
  who: Signatories | null,
): Promise<void> {
  if (!yes && !terminal.interactive) throw nobodyAsked();
  if (who === null) return;
  const held = await heldOf(
    keysFolder,
    who.keys.map(({ keyId }) => keyId),
  );
  const opened = new Set<string>();
  for (const one of held) opened.add((await openSigner(one, 'root metadata')).keyId);
  const here = who.keys.filter(({ keyId }) => opened.has(keyId)).length;
  const { threshold = 1 } = who;
  if (out === undefined && here < threshold) {
    const message = `${keysFolder} holds ${here} of the ${threshold} keys that must sign; nothing was asked of the root server. With --out FILE the others sign too.`;
    throw new XylemError('E_THRESHOLD', message);
  }
}

const nobodyAsked = (): XylemError =>
  new XylemError('E_CONFIRMATION', 'Nobody could be asked whether this is to be signed: give --yes.');

/** Shows the change, asks, and signs it with what is here. @throws XylemError E_CONFIRMATION */
async function sign(here: Asking, { trusted, drafts, data }: Change) {
  const { keysFolder } = here.home;
  const words = await inWords(keysFolder, trusted, drafts);
  await confirmWords(here, words, here.options.yes);
  const { drafts: signed, signedWith } = await signHere(keysFolder, trusted, drafts);
  const missing = stillMissing(trusted, signed);
  return { signed, missing, facts: { repository: trusted.id, words, signedWith, missing, ...data } };
}

/**
 * Signs a change with what is here and writes it into a new file, for others to sign.
 * @throws XylemError E_CONFIRMATION, E_CONFLICT
 */
export async function writeOut(here: Asking, change: Change, out: string): Promise<Outcome> {
  await requireFree(out);
  const { signed, missing, facts } = await sign(here, change);
  const began = formatTime(here.clock.now()) as Parameters<typeof writeCeremony>[0]['began'];
  await writeNewFile(out, writeCeremony({ trusted: change.trusted, drafts: signed, began }));
  const next = missing.length === 0 ? 'finish' : 'sign';
  return {
    data: { ...facts, out, sent: false },
    text: [
      `The change lies in ${out}; nothing is in force yet.`,
      ...missing,
      `Next: xylem ceremony ${next} ${out}`,
    ].join('\n'),
  };
}

/**
 * Signs a change with what is here and sends it, or with --out writes it into a file.
 * @param done what is said when it is in force
 * @throws XylemError E_THRESHOLD (too few keys here and no --out), E_CONFIRMATION, E_CONFLICT (the file is there)
 */
export async function carryOut(here: Signing, api: Api, change: Change, done: string): Promise<Outcome> {
  const { out } = here.options;
  if (out !== undefined) return writeOut(here, change, out);
  const { signed, missing, facts } = await sign(here, change);
  if (missing.length > 0) {
    throw new XylemError(
      'E_THRESHOLD',
      `The keys in ${here.home.keysFolder} are not enough. ${missing.join('; ')}.`,
    );
  }
  const sent = await sendChange(api, change.trusted, signed);
  return { data: { ...facts, ...sent, sent: true }, text: done };
}
