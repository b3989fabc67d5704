import { XylemError } from '../../errors.ts';
import type { PackageDocument } from './document.ts';
import type { PackageFault } from './part.ts';
import { parts } from './parts.ts';

/**
 * A reader passes over keys that it does not know. Where that would be wrong, the document says so: its format is
 * `xylem-package-2`, which older readers refuse, and `needs` names what a reader must know (docs/spec/objects.md).
 */

type Fields = Omit<PackageDocument, 'variants' | 'format' | 'needs'>;

/** The format of a document with these blocks, and what it needs. Pure. */
export function formatOf(fields: Fields): Pick<PackageDocument, 'format' | 'needs'> {
  const needs = neededBy({ ...fields, format: 'xylem-package-1' });
  return needs.length === 0 ? { format: 'xylem-package-1' } : { format: 'xylem-package-2', needs };
}

function neededBy(document: Omit<PackageDocument, 'variants'>): string[] {
  return parts.flatMap(({ needs }) => (needs?.isNeeded(document) === true ? [needs.name] : [])).sort();
}

/** @throws XylemError E_FORMAT_UNSUPPORTED for a document that needs what this program does not know */
export function refuseUnknownNeeds(value: unknown): void {
  const needs: unknown = Reflect.get(value as object, 'needs');
  if (!Array.isArray(needs)) return;
  const known = new Set<unknown>(parts.flatMap((part) => part.needs?.name ?? []));
  const unknown: unknown[] = needs.filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  const named = unknown.map((name) => JSON.stringify(name)?.slice(0, 100)).slice(0, 10);
  throw new XylemError(
    'E_FORMAT_UNSUPPORTED',
    `The package document needs ${named.join(', ')}, which this program does not know.`,
  );
}

/** A document that has such a block says so. */
export function needsFault(document: PackageDocument): PackageFault | undefined {
  const { format, needs } = document;
  if ((format === 'xylem-package-2') !== (needs !== undefined)) {
    return { path: ['needs'], sentence: 'expected with the format "xylem-package-2" and with no other' };
  }
  const missing = neededBy(document).find((name) => needs?.includes(name) !== true);
  if (missing === undefined) return undefined;
  return { path: ['needs'], sentence: `expected with ${JSON.stringify(missing)} among them` };
}
