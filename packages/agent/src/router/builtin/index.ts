import type { Router, RouterTools } from '../router.ts';
import { askForwarder, ensureForwarder } from './client.ts';
import { forwarderComponent, type RouteState } from './protocol.ts';

/** The forwarder that comes with Xylem: a process of its own that listens in the component's place. */
export function builtinRouter(
  component: string,
  listen: { readonly host: string; readonly port: number },
  tools: RouterTools,
): Router {
  const state = async (): Promise<RouteState | null> => {
    const routes = await askForwarder(tools.layout.root, { op: 'list' });
    return routes?.find((route) => route.component === component) ?? null;
  };
  return {
    show: async () => {
      const own = await state();
      const isHere = own?.host === listen.host && own.listenPort === listen.port && own.fault === null;
      return isHere ? own.port : null;
    },
    route: async (port) => {
      await ensureForwarder(tools);
      const route = { component, host: listen.host, listenPort: listen.port, port };
      await askForwarder(tools.layout.root, { op: 'route', route });
    },
    connections: async (port) => (await state())?.connections[port] ?? 0,
    release: () => releaseForwarded(component, tools),
  };
}

/** The last address that goes takes the forwarder's process with it. */
async function releaseForwarded(component: string, tools: RouterTools): Promise<void> {
  const left = await askForwarder(tools.layout.root, { op: 'release', component });
  if (left === null || left.length > 0) return;
  await tools.supervisor.stop(forwarderComponent, 5_000);
}
