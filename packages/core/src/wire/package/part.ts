import type { Path } from '../../schema/check.ts';
import type { PackageDocument } from './document.ts';

export interface PackageFault {
  readonly path: Path;
  /** What would be right, without a full stop. */
  readonly sentence: string;
}

/** What belongs to one block of a package document, beside its schema. */
export interface PackagePart {
  /**
   * What a reader must know of to handle the document, where passing over this block would be wrong: a name for
   * `needs` (docs/spec/objects.md). Undefined: nothing.
   */
  readonly needs?: {
    readonly name: string;
    readonly isNeeded: (document: Omit<PackageDocument, 'variants'>) => boolean;
  };
  /** What the schema can't say: the first thing that is wrong. */
  readonly fault?: (document: PackageDocument) => PackageFault | undefined;
  /** Its texts that may hold placeholders. The program of a command stands at a path that ends in `command`, 0. */
  readonly texts?: (document: PackageDocument) => Iterable<readonly [Path, string]>;
}
