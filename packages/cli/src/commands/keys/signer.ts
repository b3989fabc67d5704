import { createPublicKey } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, encodeSignerFile, toB64u, XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import { externalSigner, type PublicKey, publicKeyFile, publicKeyOf, shortId } from '@xylem/trust';
import { count, defineCommand, list, requiredText } from '../../frame/define.ts';
import { readGiven, shortBytes } from '../../frame/given.ts';
import { only } from '../../frame/words.ts';
import { keyFileName } from '../../publishing/key-ring.ts';
import { publicKeyIn } from '../../publishing/key-roles.ts';

export const command = defineCommand({
  arguments: '<what>',
  about: `For a key that a command holds: a smart card, an HSM, a KMS (docs/spec/custody.md, External signer). The command is
tried once; then its key is used like any other of ~/.xylem/keys. WHAT is a word for people. --command is given once for
the program and once for each of its arguments.`,
  options: {
    public: requiredText('<file>', 'its public key: PEM, or as `xylem keys export` writes it'),
    command: list('<word>', 'the program, then its arguments'),
    timeout: count('<seconds>', 'how long it may take (default: 30)', 1, 3600),
  },
  example: 'xylem keys signer root --public root.pem --command /usr/local/bin/sign-by-hsm --command 01',
  async run({ args, options, home }) {
    const what = only(args);
    if (options.command.length === 0) throw new XylemError('E_INPUT', 'Which command signs? Give --command.');
    const key = await readPublicKey(options.public);
    const file = {
      format: 'xylem-signer-1',
      keyid: key.keyId as Digest,
      public: toB64u(key.public),
      what,
      command: [...options.command],
      timeoutMs: (options.timeout ?? 30) * 1000,
    } as Parameters<typeof encodeSignerFile>[0];
    const bytes = encodeSignerFile(file);
    await externalSigner(file, `a first signature, to see whether the command works`).sign(
      Buffer.from('xylem'),
    );
    const path = join(home.keysFolder, keyFileName(what, key.keyId));
    await mkdir(home.keysFolder, { recursive: true, mode: 0o700 });
    await writeFileAtomic(path, bytes, { mode: 0o600 });
    const document = JSON.parse(Buffer.from(publicKeyFile(key, what)).toString()) as object;
    return {
      data: { ...document, path },
      text: `The command signs with the key ${shortId(key.keyId)}. Nothing trusts it yet.\nNext: xylem keys export ${shortId(key.keyId)} --out ${what}.json, and xylem keys add ROLE --public ${what}.json`,
    };
  },
});

async function readPublicKey(file: string): Promise<PublicKey> {
  const bytes = await readGiven(file, shortBytes);
  const text = bytes.toString();
  if (text.trimStart().startsWith('{')) return publicKeyIn(bytes, file);
  try {
    const { x } = createPublicKey(text).export({ format: 'jwk' });
    const raw = Buffer.from(x ?? '', 'base64url');
    if (raw.length === 32) return publicKeyOf(raw);
  } catch (cause) {
    throw new XylemError('E_KEY_INVALID', `${file} is no public key in PEM.`, { cause });
  }
  throw new XylemError('E_KEY_INVALID', `${file} is no Ed25519 public key.`);
}
