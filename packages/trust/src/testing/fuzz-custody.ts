import { parseKeyFile, parseSignerFile, type Time } from '@xylem/core';
import type { FuzzTarget } from '@xylem/core/testing';
import { systemRandomness } from '@xylem/platform';
import { readCeremony, writeCeremony } from '../custody/ceremony.ts';
import { draftChange, trustRepository } from '../custody/change.ts';
import { externalSigner } from '../keys/external-signer.ts';
import { generateKey } from '../keys/key-pair.ts';
import { openKey, sealKey } from '../keys/sealed-key.ts';
import { repositoryIdOf } from '../tuf/names.ts';
import { signRoot } from '../tuf/write/root.ts';
import { signTargets } from '../tuf/write/targets.ts';
import { startMs } from './test-repository.ts';

/** Files that people carry from machine to machine: keys, who signs for them, ceremonies. */
export async function custodyFuzzTargets(): Promise<FuzzTarget[]> {
  const [key, targetsKey, next] = [generateKey(), generateKey(), generateKey()];
  const open = await sealKey(key, { what: 'root', passphrase: undefined, randomness: systemRandomness });
  const { keyId } = key;
  const signer = {
    format: 'xylem-signer-1',
    keyid: keyId,
    public: Buffer.from(key.public).toString('base64url'),
    what: 'root',
    command: ['/bin/true', '--slot=1'],
    timeoutMs: 1000,
  };
  const nowMs = startMs;
  const roles = {
    root: { keys: [key] },
    targets: { keys: [targetsKey] },
    snapshot: { keys: [targetsKey] },
    timestamp: { keys: [targetsKey] },
  };
  const root = await signRoot({ roles, signers: [key], nowMs });
  const targets = await signTargets({ products: [], previousVersion: 0, signers: [targetsKey], nowMs });
  const trusted = trustRepository(repositoryIdOf(root.file.bytes), {
    roots: [root.file.bytes],
    targets: targets.file.bytes,
    roles: new Map(),
  });
  const drafts = await draftChange(trusted, { root: { root: { keys: [key, next] } } }, nowMs + 60_000);
  const began = '2026-01-01T00:00:00Z' as Time;
  return [
    {
      name: 'sealed key file',
      seedInputs: [open],
      parse: (input) => {
        const file = parseKeyFile(input);
        // Stretching is slow by intent, and bounded by what the document may say.
        return file.kdf === null ? openKey(file, undefined) : file;
      },
    },
    {
      name: 'signer file',
      seedInputs: [Buffer.from(JSON.stringify(signer))],
      parse: (input) => externalSigner(parseSignerFile(input), 'fuzz'),
    },
    {
      name: 'ceremony',
      seedInputs: [writeCeremony({ trusted, drafts, began })],
      parse: (input) => readCeremony(input, undefined),
    },
  ];
}
