import { fillPlaceholders, listenOf, switchDefaults } from '@xylem/core';
import type { Places } from '../drivers/driver.ts';
import { placesOf } from '../drivers/service/places.ts';
import { type Side, sidesOf } from '../drivers/service/sides.ts';
import { commandOf } from '../drivers/service/spec.ts';
import type { Placed } from '../slot/placed.ts';
import { builtinRouter } from './builtin/index.ts';
import { commandRouter } from './command/index.ts';
import { haproxyRouter } from './haproxy/index.ts';
import { nginxRouter } from './nginx/index.ts';
import type { Router, RouterTools } from './router.ts';

/** The router of a service that changes its version by one; null for all others. @throws XylemError E_PLACEHOLDER */
export function routerOf(placed: Placed, tools: RouterTools & Places): Router | null {
  const sides = sidesOf(placed, tools);
  const block = placed.document.service?.switch;
  if (sides === null || block === undefined) return null;
  const { builtin, haproxy, nginx, command } = block.router;
  const filled = placesOf(placed, tools);
  const fill = (text: string): string => fillPlaceholders(text, filled);
  const commands = (given: readonly string[], port?: number): string[] =>
    commandOf(given, placed, port === undefined ? tools : { ...tools, port });
  const folder = filled.tree;
  if (builtin !== undefined) return builtinRouter(placed.component, listenOf(builtin.listen, filled), tools);
  if (haproxy !== undefined) {
    const { socket, backend, stateFile } = haproxy;
    const place = {
      socket: fill(socket),
      backend: fill(backend),
      stateFile: stateFile === undefined ? null : fill(stateFile),
    };
    return haproxyRouter(
      place,
      sides.map(({ port }: Side) => port),
      tools,
    );
  }
  if (nginx !== undefined) {
    const { upstreamFile, test = switchDefaults.nginxTest, reload = switchDefaults.nginxReload } = nginx;
    const place = {
      component: placed.component,
      folder,
      upstreamFile: fill(upstreamFile),
      test: commands(test),
      reload: commands(reload),
    };
    return nginxRouter(place, tools);
  }
  if (command === undefined) return null;
  const place = {
    component: placed.component,
    folder,
    show: commands(command.show),
    switchTo: (port: number) => commands(command.switch, port),
  };
  return commandRouter(place, tools);
}
