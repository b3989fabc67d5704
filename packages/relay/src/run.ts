import type { RelayOptions, RunningRelay } from './options.ts';

/**
 * Serves a verified copy of the repository to children and passes their reports on. One relay per state folder.
 * @throws XylemError E_NOT_JOINED, E_CERTIFICATE (this host may not serve), E_PORT_IN_USE, E_STORAGE
 */
export async function runRelay(_options: RelayOptions): Promise<RunningRelay> {
  throw new Error('not yet');
}
