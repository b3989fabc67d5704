import { sha256 } from '@xylem/core';

const binsFrom = [
  { above: 1000, bins: 256 },
  { above: 50, bins: 16 },
] as const;

/**
 * How many hash bins a product's role needs: none up to 50 live releases, 16, and 256 above 1,000. Once binned it
 * goes back only when well below, or a product at the limit would be signed anew in both directions all the time.
 */
export function binCountFor(releases: number, present: number): 0 | 16 | 256 {
  for (const { above, bins } of binsFrom) {
    if (releases > above || (present >= bins && releases > above * 0.8)) return bins;
  }
  return 0;
}

/** The bins of a role: their names and the first digits of the path hashes that fall into them. */
export function binNames(role: string, bins: number): { name: string; prefix: string }[] {
  const digits = digitsOf(bins);
  return Array.from({ length: bins }, (_, index) => {
    const prefix = index.toString(16).padStart(digits, '0');
    return { name: `${role}-b${prefix}`, prefix };
  });
}

/** Whether a role's name is that of a bin. */
export function isBinName(role: string): boolean {
  return /-b[0-9a-f]{1,2}$/.test(role);
}

/** The bin into which a target falls. */
export function binOf(role: string, bins: number, path: string): string {
  return `${role}-b${sha256(path).slice(0, digitsOf(bins))}`;
}

function digitsOf(bins: number): number {
  return bins > 16 ? 2 : 1;
}
