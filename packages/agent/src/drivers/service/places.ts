import type { Placed } from '../../slot/placed.ts';
import type { Places } from '../driver.ts';

/** What the placeholders of `placed` stand for on this host; a sealed value for nothing. */
export function placesOf(placed: Placed, { layout, node, port }: Places) {
  const own = layout.component(placed.component);
  return {
    config: placed.config,
    tree: own.tree(placed.tree),
    data: own.data,
    node,
    ...(port === undefined ? {} : { port }),
  };
}
