import { anyObject, integer, literal, nullable, object, oneOf, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { documentKind } from './document.ts';
import * as f from './fields.ts';
import { commandOperations } from './package/command.ts';

/** docs/spec/components/command.md: what an agent and the programs of a component of kind `command` say to each other. */

const path = string({ title: 'an absolute path', pattern: '^/' });
const former = object({
  version: f.version,
  package: f.digest,
  config: anyObject(),
  tree: nullable(path),
});

const questionSchema = object({
  format: literal('xylem-command-1'),
  protocol: integer({ minimum: 1 }),
  operation: oneOf(...commandOperations),
  component: f.name,
  product: f.name,
  version: f.version,
  package: f.digest,
  config: anyObject(),
  tree: path,
  data: path,
  /** Whose programs touched the machine last, where it was another version or configuration; `tree`: null where it is gone. */
  previous: nullable(former),
});

const commandStates = ['absent', 'applied', 'differs'] as const;
const answerSchema = object(
  { state: oneOf(...commandStates) },
  { format: literal('xylem-command-answer-1'), detail: string({ maxLength: 2000 }) },
);

export type CommandQuestion = Static<typeof questionSchema>;
export type CommandAnswer = Static<typeof answerSchema>;

const question = documentKind(questionSchema, {
  what: 'question to a command',
  format: 'xylem-command-1',
  maxBytes: 16 * 1024 * 1024,
});
export const parseCommandQuestion = question.parse;
export const encodeCommandQuestion = question.encode;

const answer = documentKind(answerSchema, {
  what: 'answer of a command',
  maxBytes: 64 * 1024,
  code: 'E_HOOK_FAILED',
});
/** @throws XylemError E_HOOK_FAILED */
export const parseCommandAnswer = answer.parse;
export const encodeCommandAnswer = answer.encode;
