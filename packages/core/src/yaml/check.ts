import { XylemError } from '../errors.ts';
import { type Issue, issuesOf, type Path } from '../schema/check.ts';
import type { Schema } from '../schema/json-schema.ts';
import { issueSentence, pathText } from '../schema/message.ts';
import { readYaml, type YamlSource } from './source.ts';

export interface YamlProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly key: string;
  readonly expected: string;
  readonly message: string;
}

const MAX_PROBLEMS = 20;

/** A value that fits its schema, and how to refuse something in it that the schema could not see. */
export interface CheckedYaml<T> {
  readonly value: T;
  readonly refuse: (path: Path, sentence: string) => never;
}

/**
 * YAML as a value that fits `schema`. Throws E_INPUT with the first problem in the message and all of them (up to 20) in
 * `details.problems`.
 */
export function checkYaml<T>(text: string, schema: Schema<T>, file: string): CheckedYaml<T> {
  const source = readYaml(text, file);
  const value = source.value ?? {};
  const problems = issuesOf(schema, value, MAX_PROBLEMS).map((issue) => problemOf(issue, source, file));
  if (problems.length > 0) throw inputError(problems);
  return {
    value: value as T,
    refuse: (path, sentence) => {
      throw faultIn(source, file, path, sentence);
    },
  };
}

/** E_INPUT for a value in YAML that is valid by itself, at its place: it names what is not there. */
export const yamlFault = (text: string, file: string, path: Path, sentence: string): XylemError =>
  faultIn(readYaml(text, file), file, path, sentence);

function faultIn({ positionOf }: YamlSource, file: string, path: Path, sentence: string): XylemError {
  const { line, column } = positionOf(path, 'value');
  const key = pathText(path);
  const message = `${file}:${line}:${column}: ${key}: ${sentence}.`;
  return inputError([{ file, line, column, key, expected: sentence, message }]);
}

function problemOf(issue: Issue, { positionOf }: YamlSource, file: string): YamlProblem {
  const { line, column } = positionOf(issue.path, issue.kind === 'unknown' ? 'key' : 'value');
  return {
    file,
    line,
    column,
    key: pathText(issue.path),
    expected: issue.expected,
    message: `${file}:${line}:${column}: ${issueSentence(issue)}`,
  };
}

function inputError(problems: readonly YamlProblem[]): XylemError {
  const [first, ...others] = problems;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return new XylemError('E_INPUT', `${first?.message ?? 'The input is not valid.'}${more}`, {
    details: { ...first, problems },
  });
}
