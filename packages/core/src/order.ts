/** A thing that is to come after others, by component name. Names that are not in the list do not matter. */
export interface Ordered {
  readonly component: string;
  readonly after?: readonly string[];
}

/**
 * `items` so that each comes after those it names; otherwise in their given order. Of a circle, which parsing
 * refuses, the members keep their given order. Removal takes the reverse.
 */
export function inOrder<T extends Ordered>(items: readonly T[]): T[] {
  return sort(items).ordered;
}

/** The names along a circle of `after`, the first repeated at the end; undefined if there is none. */
export function cycleIn(items: readonly Ordered[]): string[] | undefined {
  return sort(items).cycle;
}

function sort<T extends Ordered>(items: readonly T[]): { ordered: T[]; cycle: string[] | undefined } {
  const byName = Map.groupBy(items, ({ component }) => component);
  const state = new Map<T, 'open' | 'done'>();
  const ordered: T[] = [];
  let cycle: string[] | undefined;
  for (const start of items) {
    if (state.has(start)) continue;
    // An explicit stack: a chain of 10,000 components must not overflow the call stack.
    const stack = [{ item: start, next: dependencies(start, byName) }];
    state.set(start, 'open');
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { value: needed, done } = top.next.next();
      if (done === true) {
        state.set(top.item, 'done');
        ordered.push(top.item);
        stack.pop();
      } else if (state.get(needed) === 'open') {
        const names = stack.map(({ item }) => item.component);
        cycle ??= [...names.slice(names.indexOf(needed.component)), needed.component];
      } else if (!state.has(needed)) {
        state.set(needed, 'open');
        stack.push({ item: needed, next: dependencies(needed, byName) });
      }
    }
  }
  return { ordered, cycle };
}

function* dependencies<T extends Ordered>(
  item: T,
  byName: ReadonlyMap<string, T[]>,
): Generator<T, undefined> {
  for (const name of item.after ?? []) yield* byName.get(name) ?? [];
  return undefined;
}
