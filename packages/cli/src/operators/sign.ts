import { XylemError } from '@xylem/core';
import {
  addSignatures,
  type OpenSigning,
  type Signer,
  signingInWords,
  signingKeys,
  unsigned,
  writeSigning,
} from '@xylem/trust';
import type { Api } from '../api/client.ts';
import type { Invocation, Outcome } from '../frame/define.ts';
import { confirmWords } from '../publishing/carry-out.ts';
import { heldOf, openSigner } from '../publishing/key-ring.ts';
import { requireFree, writeSigned } from '../publishing/out-file.ts';

type Here = Pick<Invocation, 'terminal' | 'signal' | 'clock' | 'home'>;

/**
 * Shows what is to be signed, asks, and signs it with those keys of this machine that have a say.
 * @throws XylemError E_CONFIRMATION, E_THRESHOLD (no such key is here), those of opening keys
 */
export async function signWithHeld(here: Here, open: OpenSigning, yes: boolean): Promise<OpenSigning> {
  await confirmWords(here, signingInWords(open), yes);
  const wanted = signingKeys(open).map(({ keyId }) => keyId);
  const signers: Signer[] = [];
  for (const held of await heldOf(here.home.keysFolder, wanted)) {
    const signer = await openSigner(held, signingInWords(open).join(' '));
    // A file may be named by the beginning of an id that is not its own.
    if (wanted.includes(signer.keyId)) signers.push(signer);
  }
  if (signers.length > 0) return await addSignatures(open, signers);
  throw new XylemError(
    'E_THRESHOLD',
    `${here.home.keysFolder} holds no operator key of ${open.environment.name} that this needs; nothing was signed.`,
  );
}

/** What all have signed goes to the root server. @throws XylemError E_THRESHOLD */
export async function sendSigned(api: Api, open: OpenSigning): Promise<void> {
  const missing = unsigned(open);
  if (missing.length > 0) throw new XylemError('E_THRESHOLD', `Not all have signed. ${missing.join('; ')}.`);
  const [tenant = '', environment = ''] = open.environment.name.split('/');
  const params = { tenant, environment };
  const { payloadType, payload, signatures } = open.document;
  const body = { envelope: { payloadType, payload, signatures: [...signatures] } };
  if (open.lift !== null) await api.call('quarantineLift', { params, body });
  else await api.call('operatorsTake', { params, body });
}

export interface ToSign {
  readonly api: Api;
  readonly open: OpenSigning;
  readonly out: string | undefined;
  readonly yes: boolean;
  /** Said once it is in force. */
  readonly done: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Signs with what is here and sends it; where others must sign too, writes it into a file for them.
 * @throws XylemError E_THRESHOLD (others must sign and there is no --out), E_CONFIRMATION, E_CONFLICT (the file is there)
 */
export async function signAndSend(here: Here, { api, open, out, yes, done, data }: ToSign): Promise<Outcome> {
  await requireFree(out);
  const signed = await signWithHeld(here, open, yes);
  const words = signingInWords(signed);
  const missing = unsigned(signed);
  if (out !== undefined) return await writeOpen(signed, out, { ...data, words, missing });
  if (missing.length > 0) {
    throw new XylemError(
      'E_THRESHOLD',
      `${missing.join('; ')}. Give --out FILE, and let it be signed there: xylem ceremony sign FILE.`,
    );
  }
  await sendSigned(api, signed);
  return { data: { ...data, words, sent: true }, text: done };
}

/** Into a new file, or with more signatures in the place of `former`. @throws XylemError E_CONFLICT */
export async function writeOpen(
  open: OpenSigning,
  out: string,
  data: object,
  former?: string,
): Promise<Outcome> {
  await writeSigned(writeSigning(open), out, former);
  const missing = unsigned(open);
  return {
    data: { ...data, out, sent: false },
    text: [
      `What is signed lies in ${out}; nothing is in force yet.`,
      ...missing,
      `Next: xylem ceremony ${missing.length === 0 ? 'finish' : 'sign'} ${out}`,
    ].join('\n'),
  };
}
