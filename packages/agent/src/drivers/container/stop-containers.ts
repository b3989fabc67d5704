import { stateLayout } from '../../state/layout.ts';
import { endContainers } from './end.ts';

/**
 * Ends every container of a state folder, for a host that is taken down: an agent that runs there later starts them
 * again. End the agent first. Returns how many there were.
 * @throws XylemError E_PODMAN
 */
export async function stopContainers(stateFolder: string): Promise<number> {
  return await endContainers(stateLayout(stateFolder), () => true);
}
