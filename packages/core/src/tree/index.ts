export { TreeChecker } from './checker.ts';
export {
  type Chunk,
  emptyDigest,
  type TreeEntry,
  type TreeFile,
  type TreeFolder,
  type TreeLink,
} from './entry.ts';
export { isSize, parseTreeLine, treeLine } from './line.ts';
export { linkFault } from './links.ts';
export { compareTreePaths, foldName, treePathFault } from './path.ts';
export { parseTree, TreeReader } from './reader.ts';
export { encodeTree } from './writer.ts';
