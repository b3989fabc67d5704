import type { HostMapEntry } from '@xylem/core';
import type { AdoptionOrder, LocalAdoption } from './adoption-file.ts';
import type { Adoption } from './adoptions.ts';

export const director = 'the director';

/** All orders that stand, a person's before a director's. Pure. */
export function ordersOf(local: LocalAdoption, entry: HostMapEntry | undefined): readonly AdoptionOrder[] {
  const directed = Object.entries(entry?.adopt ?? {}).map(
    ([component, { order, undo }]): AdoptionOrder => ({
      id: order,
      component,
      undo: undo === true,
      by: director,
    }),
  );
  return [...local.orders, ...directed];
}

const mostDone = 16;

/** Those that were not carried out yet, nor are. Pure. */
export function openOrders(
  orders: readonly AdoptionOrder[],
  adoptions: ReadonlyMap<string, Adoption>,
): readonly AdoptionOrder[] {
  return orders.filter(({ id, component }) => adoptions.get(component)?.done.includes(id) !== true);
}

/** Pure. */
export function doneWith(order: string, before: Adoption | undefined): readonly string[] {
  const others = (before?.done ?? []).filter((one) => one !== order);
  return [order, ...others].slice(0, mostDone);
}
