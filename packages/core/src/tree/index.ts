export { TreeChecker } from './checker.ts';
export {
  type Chunk,
  emptyDigest,
  type TreeEntry,
  type TreeFile,
  type TreeFolder,
  type TreeLink,
  treeFormat,
  treeHeader,
} from './entry.ts';
export { parseTreeLine, treeLine } from './line.ts';
export { linkFault } from './links.ts';
export { compareTreePaths, foldName, treePathFault } from './path.ts';
export { parseTree, TreeReader } from './reader.ts';
export { encodeTree, treeLines } from './writer.ts';
