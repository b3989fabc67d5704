import { type Digest, parseHostMapNode, XylemError } from '@xylem/core';
import { inParallel } from '@xylem/store';

const nodesAtOnce = 8;
const deepest = 32;
const mostForgettable = 100;

/**
 * What the nodes of an environment's host map lead to, as far as they were read and verified since the start. A change
 * replaces a few of a large map's thousands of nodes: the others are not read again to know that all are here.
 */
export class HostMapNodes {
  readonly #children = new Map<Digest, readonly Digest[]>();

  /**
   * All nodes from `root` on, level by level, each level's at the same time.
   * @param read verified bytes of a node; null: it can't be had, and what it leads to is left out
   * @param isKnown whether what was read of this node before holds still
   */
  async from(
    root: Digest,
    read: (digest: Digest) => Promise<Uint8Array | null>,
    isKnown: (digest: Digest) => boolean = () => true,
  ): Promise<Digest[]> {
    const seen = new Set<Digest>([root]);
    let level = [root];
    for (let depth = 0; level.length > 0; depth += 1) {
      if (depth > deepest)
        throw new XylemError('E_DOCUMENT_INVALID', 'The host map is deeper than a host id.');
      const next: Digest[] = [];
      await inParallel(level, nodesAtOnce, async (digest) => {
        const known = isKnown(digest) ? this.#children.get(digest) : undefined;
        for (const child of known ?? (await this.#read(digest, read))) {
          if (seen.has(child)) continue;
          seen.add(child);
          next.push(child);
        }
      });
      level = next.sort();
    }
    this.#forgetBeyond(seen);
    return [...seen];
  }

  async #read(
    digest: Digest,
    read: (digest: Digest) => Promise<Uint8Array | null>,
  ): Promise<readonly Digest[]> {
    const bytes = await read(digest);
    if (bytes === null) return [];
    const node = parseHostMapNode(bytes);
    const children = 'hosts' in node ? [] : Object.values(node.children);
    this.#children.set(digest, children);
    return children;
  }

  /** Nodes of the state before are wanted for as long as that is kept; older ones are forgotten now and then. */
  #forgetBeyond(nodes: ReadonlySet<Digest>): void {
    if (this.#children.size <= 2 * nodes.size + mostForgettable) return;
    for (const digest of this.#children.keys()) if (!nodes.has(digest)) this.#children.delete(digest);
  }
}
