import { execFileSync } from 'node:child_process';

const table = 'xylem_bench_fleet';

/** Bytes that leave ports of this machine, with their TCP and IP headers, as the kernel counts them. */
export interface Egress {
  /** Since the last time that it was said to begin. */
  bytes(): ReadonlyMap<number, number>;
  begin(): void;
}

/**
 * @param own removes the counters
 * @returns null where this machine does not let them be counted: it takes root and nft
 */
export function countEgress(own: { after(act: () => void): void }, ports: readonly number[]): Egress | null {
  const set = `add table inet ${table}
delete table inet ${table}
add table inet ${table}
add set inet ${table} ports { type inet_service; counter; }
add element inet ${table} ports { ${ports.join(', ')} }
add chain inet ${table} out { type filter hook output priority 0; }
add rule inet ${table} out tcp sport @ports
`;
  const begin = (): void => void execFileSync('nft', ['-f', '-'], { input: set, stdio: 'pipe' });
  try {
    begin();
  } catch {
    return null;
  }
  own.after(() => void execFileSync('nft', ['delete', 'table', 'inet', table]));
  return {
    begin,
    bytes: () => {
      const listed = JSON.parse(
        execFileSync('nft', ['-j', 'list', 'set', 'inet', table, 'ports'], { encoding: 'utf8' }),
      ) as {
        nftables: { set?: { elem?: { elem: { val: number; counter: { bytes: number } } }[] } }[];
      };
      const elements = listed.nftables.flatMap(({ set: one }) => one?.elem ?? []);
      return new Map(elements.map(({ elem }) => [elem.val, elem.counter.bytes]));
    },
  };
}
