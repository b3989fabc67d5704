import { limits } from '../limits.ts';

/** As many links as Linux follows in one path. */
const MAX_HOPS = 40;

/**
 * What is wrong with a link's target, as a phrase, or undefined. `targets` holds all links of the tree: a target is
 * resolved step by step, through other links, as the operating system will do it. `a/b/up -> ..` is harmless, and so
 * by its text is `a/b/up/../..`; together they leave the tree.
 */
export function linkFault(
  path: string,
  target: string,
  targets: ReadonlyMap<string, string>,
): string | undefined {
  if (target === '' || !target.isWellFormed() || /\p{Cc}/u.test(target))
    return 'its target is empty or not allowed';
  if (target.startsWith('/')) return 'its target is absolute';
  if (Buffer.byteLength(target) > limits.path) return `its target is longer than ${limits.path} bytes`;
  const at = path.split('/').slice(0, -1);
  const ahead = target.split('/').reverse();
  let hops = 0;
  for (let step = ahead.pop(); step !== undefined; step = ahead.pop()) {
    if (step === '' || step === '.') continue;
    if (step === '..') {
      if (at.pop() === undefined) return 'its target leaves the tree';
      continue;
    }
    at.push(step);
    const next = targets.get(at.join('/'));
    if (next === undefined) continue;
    hops += 1;
    if (hops > MAX_HOPS) return 'its target goes in a circle';
    at.pop();
    ahead.push(...next.split('/').reverse());
  }
  return undefined;
}
