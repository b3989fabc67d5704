import { code, type ErrorCodes } from './entry.ts';

/** Objects, the trees that they make up, and the packs and offers that carry them. */
export const objectsCodes = {
  E_FILE_CHANGED: code(
    'A file changed while it was being read.',
    'Publish from a folder that nobody writes to, then try again.',
    'later',
    'input',
  ),
  E_OBJECT_DIGEST: code(
    'Bytes do not have the digest by which they were asked for. They were thrown away.',
    'They are fetched from another parent by themselves; if it persists, check the disk of the parent that the message names.',
    'elsewhere',
    'integrity',
  ),
  E_OBJECT_MISSING: code(
    'An object that something refers to is not there.',
    'Another parent is tried by itself; if it stays, publish it again.',
    'elsewhere',
    'notFound',
  ),
  E_OFFER_INVALID: code(
    'An offer is malformed or leads to bytes that do not fit.',
    'Another parent is tried by itself.',
    'elsewhere',
    'integrity',
  ),
  E_PACK_INVALID: code(
    'A pack is damaged or lies about its contents.',
    'Another parent is tried by itself; check the disk of the one that the message names.',
    'elsewhere',
    'integrity',
  ),
  E_PATCH_INVALID: code(
    'A patch is malformed, or does not fit what it is applied to.',
    'The host goes on with chunks by itself. If it returns, the parent or the patch is damaged: check the disk of the parent that the message names, and let the root server make the patch again.',
    'elsewhere',
    'integrity',
  ),
  E_TREE_EMPTY: code(
    'The folder holds nothing to publish.',
    'Check the folder and the include and exclude patterns in `xylem.yaml`.',
    'never',
    'input',
  ),
  E_TREE_ENTRY: code(
    "A folder holds something that a tree can't carry: a device, socket, pipe, or a file with set-user-id bits.",
    'Remove or exclude what the message names.',
    'never',
    'input',
  ),
  E_TREE_INVALID: code(
    'A tree does not follow the format or its rules.',
    'Publish the package again; if a parent gave it, another is tried by itself.',
    'elsewhere',
    'integrity',
  ),
  E_TREE_LINK: code(
    'A symbolic link is absolute or leaves the tree.',
    'Make the link relative and let it end inside the folder, or exclude it.',
    'never',
    'input',
  ),
  E_TREE_NAME_CLASH: code(
    'Two names differ only in case or Unicode form, or a file is also used as a folder.',
    'Rename one: on some file systems both would be the same file.',
    'never',
    'input',
  ),
  E_TREE_PATH: code(
    'A path in a tree is not allowed: absolute, with `..`, too long, not UTF-8 or with control characters.',
    'Rename or exclude the file that the message names.',
    'never',
    'input',
  ),
} satisfies ErrorCodes;
