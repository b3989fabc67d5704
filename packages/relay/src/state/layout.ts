import { join } from 'node:path';

/** What a relay keeps below the host's state folder. All of it may be lost: it is a copy and a spool. */
export interface RelayLayout {
  readonly root: string;
  /** The host's own identity (trust's format); the relay only reads it. */
  readonly identity: string;
  /** The folder that children see. */
  readonly repository: string;
  readonly trust: string;
  readonly roots: string;
  readonly followed: string;
  readonly served: string;
  readonly revoked: string;
  readonly above: string;
  readonly spool: string;
  /** Written to see whether there is room, and removed. */
  readonly trial: string;
}

/** Paths below the host's state folder. Pure. */
export function relayLayout(stateFolder: string): RelayLayout {
  const root = join(stateFolder, 'relay');
  return {
    root,
    identity: join(stateFolder, 'identity'),
    repository: join(root, 'repository'),
    trust: join(root, 'trust'),
    roots: join(root, 'roots'),
    followed: join(root, 'followed.json'),
    served: join(root, 'served'),
    revoked: join(root, 'revoked.json'),
    above: join(root, 'above.json'),
    spool: join(root, 'spool'),
    trial: join(root, 'trial'),
  };
}
