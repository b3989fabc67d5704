import { open } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import type { LocalPolicy } from '@xylem/core/yaml';
import { networksOf } from './networks.ts';

const policyPath = '/etc/xylem/policy.yaml';
/** Of a host on which root has said nothing: what an empty file says too. */
const unsaid: LocalPolicy = {
  files: { allow: null },
  packages: { hostSources: false, reboot: true },
  probes: { allow: ['here', 'public'] },
};
const maxBytes = 1024 * 1024;

/**
 * What root says on this host (docs/spec/local.md, Local policy), looked at anew each time.
 * @param path another place, for tests
 * @throws XylemError E_PERMISSION when others than root could have written it, E_INPUT naming line and key
 */
export async function localPolicy(path: string = policyPath): Promise<LocalPolicy> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
  if (file === null) return unsaid;
  try {
    const { uid, mode, size } = await file.stat();
    if (uid !== 0 || (mode & 0o022) !== 0) {
      const why = `${path} counts only while it belongs to root and nobody else may write it: chown root, chmod go-w.`;
      throw new XylemError('E_PERMISSION', why);
    }
    if (size > maxBytes) throw new XylemError('E_INPUT', `${path} has ${size} bytes; that is no policy.`);
    // Loaded where there is one to read: the reader of YAML takes memory that an agent keeps.
    const { parseLocalPolicy } = await import('@xylem/core/yaml');
    const policy = parseLocalPolicy(await file.readFile('utf8'), path);
    networksOf(policy.probes.allow);
    return policy;
  } finally {
    await file.close();
  }
}
