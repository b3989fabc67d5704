/**
 * Who removes what a test made: `node:test`'s context, or a `Cleanup` of bench and demo. What is added last goes
 * first, so a server stops before its folder is removed.
 */
export interface Cleanup {
  after(remove: () => void | Promise<void>): unknown;
}

/** For programs without a test context: `const own = cleanup(); …; await own.run()`. */
export function cleanup(): Cleanup & { run(): Promise<void> } {
  const steps: (() => void | Promise<void>)[] = [];
  return {
    after: (remove) => steps.push(remove),
    run: async () => {
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) await step();
    },
  };
}

/**
 * node:test runs `after` hooks first in, first out: a folder would go before the server that writes into it. This
 * keeps one stack for each context and registers it once.
 */
const stacks = new WeakMap<Cleanup, ReturnType<typeof cleanup>>();

export function removeLater(context: Cleanup, remove: () => void | Promise<void>): void {
  let stack = stacks.get(context);
  if (stack === undefined) {
    stack = cleanup();
    stacks.set(context, stack);
    context.after(stack.run);
  }
  stack.after(remove);
}
