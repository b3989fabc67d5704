/** Why a part is not to be had on this machine; a test skips with it: `if ('skip' in it) return t.skip(it.skip)`. */
export interface Unavailable {
  readonly skip: string;
}

/** True as root on Linux, where packages can be installed and file systems mounted. */
export function isRoot(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0;
}
