import {
  type Issue,
  issuesOf,
  issueText,
  type JsonSchema,
  type Path,
  pathText,
  type Schema,
  XylemError,
} from '@xylem/core';
import { isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from 'yaml';

/** Where in the file a value stands; for an unknown key the key itself. */
function nodeAt(root: unknown, path: Path): Node | undefined {
  let at = root;
  let last: Node | undefined = isNode(root) ? root : undefined;
  for (const [index, part] of path.entries()) {
    if (isMap(at) && index === path.length - 1) {
      const pair = at.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair !== undefined && isNode(pair.key)) return pair.key;
    }
    const inner =
      isNode(at) && 'get' in at
        ? (at as { get(key: unknown, keep: true): unknown }).get(part, true)
        : undefined;
    if (!isNode(inner)) return last;
    at = inner;
    last = inner;
  }
  return last;
}

/**
 * Reads YAML as people write it and checks it against a closed schema.
 * @param file its name for messages
 * @throws XylemError E_INPUT: file, line, column, key, and what would be right
 */
export function readYaml<S extends Schema<unknown>>(
  text: string,
  file: string,
  schema: S,
): S extends Schema<infer T> ? T : never {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const fault = (offset: number, sentence: string, key: string, expected?: string): XylemError => {
    const { line, col } = lines.linePos(offset);
    return new XylemError('E_INPUT', `${file}:${line}:${col}: ${sentence}.`, {
      details: { file, line, column: col, key, ...(expected === undefined ? {} : { expected }) },
    });
  };
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined) throw fault(error.pos[0], error.message, '');
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  const [issue] = issuesOf(schema as JsonSchema, value);
  if (issue !== undefined)
    throw fault(offsetOf(document.contents, issue), issueText(issue), pathText(issue.path), issue.expected);
  return value as never;
}

function offsetOf(contents: unknown, { path, kind }: Issue): number {
  const node = nodeAt(contents, kind === 'missing' ? path.slice(0, -1) : path);
  return node?.range?.[0] ?? 0;
}
