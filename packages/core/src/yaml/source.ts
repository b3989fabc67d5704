import { type Document, isMap, isScalar, LineCounter, type Node, parseAllDocuments, visit } from 'yaml';
import { XylemError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Path } from '../schema/check.ts';

export interface Position {
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
}

/** One YAML document with its positions. */
export interface YamlSource {
  readonly value: unknown;
  /** Where the value (or, for `key`, the key) at a path stands; of what is absent, where its parent stands. */
  readonly positionOf: (path: Path, what: 'key' | 'value') => Position;
}

/**
 * Reads YAML 1.2 as data. Refuses what surprises: several documents, repeated keys, anchors, aliases and merge keys (a
 * few lines with them can become gigabytes), tags. Throws E_INPUT or E_TOO_LARGE, naming file, line and column.
 */
export function readYaml(text: string, file: string): YamlSource {
  if (text.length > limits.yaml) {
    throw new XylemError(
      'E_TOO_LARGE',
      `${file} has ${text.length} characters; at most ${limits.yaml} are read.`,
    );
  }
  const lines = new LineCounter();
  const documents = parsed(text, file, lines);
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const [document, second] = documents;
  if (document === undefined) return { value: null, positionOf: () => at(0) };
  if (second !== undefined) refuse(file, at(second.range?.[0] ?? 0), 'one document, without a further "---"');
  for (const { message, pos } of [...document.errors, ...document.warnings]) {
    const { line, column } = at(pos[0]);
    throw new XylemError(
      'E_INPUT',
      `${file}:${line}:${column}: this is not valid YAML: ${oneLine(message)}`,
      {
        details: { file, line, column, expected: 'valid YAML' },
      },
    );
  }
  let depth = 0;
  visit(document, {
    Alias: (_, node) => refuse(file, at(offsetOf(node)), 'the value itself instead of an alias (*name)'),
    Node: (_, node, ancestors) => {
      depth = Math.max(depth, ancestors.length);
      if (depth > 2 * limits.jsonDepth)
        refuse(file, at(offsetOf(node)), `at most ${limits.jsonDepth} levels`);
      if ('anchor' in node && node.anchor !== undefined)
        refuse(file, at(offsetOf(node)), 'no anchor (&name)');
      if (node.tag?.startsWith('!')) refuse(file, at(offsetOf(node)), 'no tag (!name)');
    },
    Pair: (_, pair) => {
      if (!isScalar(pair.key)) refuse(file, at(isNode(pair.key) ? offsetOf(pair.key) : 0), 'a plain key');
    },
  });
  return { value: document.toJS(), positionOf: (path, what) => at(find(document, path, what)) };
}

function parsed(text: string, file: string, lineCounter: LineCounter): readonly Document[] {
  try {
    const documents = parseAllDocuments(text, {
      lineCounter,
      prettyErrors: false,
      uniqueKeys: true,
      merge: false,
    });
    return Array.isArray(documents) ? documents : [];
  } catch (cause) {
    // The parser recurses: only absurd nesting overflows its stack.
    const expected = `at most ${limits.jsonDepth} levels of valid YAML`;
    throw new XylemError('E_INPUT', `${file}: expected ${expected}.`, { cause, details: { file, expected } });
  }
}

function find(document: Document, path: Path, what: 'key' | 'value'): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const here = path.slice(0, length);
    const parent: unknown = length === 0 ? undefined : document.getIn(path.slice(0, length - 1), true);
    const key = isMap(parent)
      ? parent.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(here.at(-1)))?.key
      : undefined;
    const value: unknown = length === 0 ? document.contents : document.getIn(here, true);
    const first = what === 'key' || length < path.length ? key : value;
    const node = isNode(first) ? first : isNode(value) ? value : isNode(key) ? key : undefined;
    if (node !== undefined) return offsetOf(node);
  }
  return 0;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'range' in value;
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function oneLine(message: string): string {
  return message.replaceAll(/\s+/g, ' ');
}

function refuse(file: string, { line, column }: Position, expected: string): never {
  throw new XylemError('E_INPUT', `${file}:${line}:${column}: expected ${expected}.`, {
    details: { file, line, column, expected },
  });
}
