import { access, mkdir } from 'node:fs/promises';
import {
  type CommandAnswer,
  type CommandOperation,
  commandDefaults,
  encodeCommandQuestion,
  parseCommandAnswer,
  XylemError,
} from '@xylem/core';
import { runForComponent } from '../../commands/component-run.ts';
import { lastWords, recordOutput } from '../../commands/record.ts';
import type { ProgramEnd } from '../../commands/run.ts';
import type { Placed } from '../../slot/placed.ts';
import type { DriverTools } from '../driver.ts';
import { commandSpec } from './spec.ts';

/** Which program of which version is run, and what it is told of who was there before. */
export interface Question {
  readonly operation: CommandOperation;
  readonly placed: Placed;
  readonly previous: Placed | null;
}

/** What a version's `observe` says of the machine. @throws XylemError E_HOOK_FAILED, or the signal's reason */
export async function observed(placed: Placed, tools: DriverTools): Promise<CommandAnswer> {
  const question: Question = { operation: 'observe', placed, previous: null };
  const end = await answerTo(question, tools);
  if (end.isAnswerCut) throw failed(question, 'answered with more than 64 KiB', end, tools);
  try {
    return parseCommandAnswer(end.answer);
  } catch (error) {
    const why = error instanceof XylemError ? error.message : String(error);
    throw failed(question, `gave no answer: ${why}`, end, tools);
  }
}

/** Runs `apply` or `remove`. @throws XylemError E_HOOK_FAILED, or the signal's reason */
export async function act(question: Question, tools: DriverTools): Promise<void> {
  const { component, version } = question.placed;
  const { output } = await answerTo(question, tools);
  const { stepsLog } = tools.layout.component(component);
  await recordOutput(stepsLog, tools.clock, `${question.operation} of ${component} ${version}`, output);
}

async function answerTo(question: Question, tools: DriverTools): Promise<ProgramEnd> {
  const { operation, placed } = question;
  const { component } = placed;
  const own = tools.layout.component(component);
  const spec = commandSpec(placed, tools);
  const { command, timeoutMs } = spec.programs[operation];
  await mkdir(own.data, { recursive: true, mode: 0o700 });
  const run = {
    what: operation,
    command,
    workingFolder: own.tree(placed.tree),
    environment: spec.environment,
    input: `${new TextDecoder().decode(encodeCommandQuestion(await documentOf(question, tools)))}\n`,
    timeoutMs,
  };
  const end = await runForComponent(component, run, tools);
  if (end.fault !== null) {
    const title = `${operation} of ${component} ${placed.version} ${end.fault}`;
    await recordOutput(own.stepsLog, tools.clock, title, end.output);
    throw failed(question, end.fault, end, tools);
  }
  return end;
}

async function documentOf({ operation, placed, previous }: Question, { layout }: DriverTools) {
  const { component, product, version } = placed;
  const own = layout.component(component);
  const treeOf = async (tree: string): Promise<string | null> =>
    await access(own.tree(tree)).then(
      () => own.tree(tree),
      () => null,
    );
  return {
    format: 'xylem-command-1' as const,
    protocol: commandDefaults.protocol,
    operation,
    component,
    product,
    version,
    package: placed.package,
    config: placed.config,
    tree: own.tree(placed.tree),
    data: own.data,
    previous: previous && {
      version: previous.version,
      package: previous.package,
      config: previous.config,
      tree: await treeOf(previous.tree),
    },
  };
}

function failed(
  { operation, placed }: Question,
  what: string,
  { output }: ProgramEnd,
  { layout }: DriverTools,
): XylemError {
  const { component, version } = placed;
  const said = lastWords(output);
  const end = said === '' ? 'It printed nothing.' : `It said: ${said}`;
  return new XylemError(
    'E_HOOK_FAILED',
    `${component} ${version}: ${operation} ${what}. ${end} (${layout.component(component).stepsLog})`,
    { retry: 'never' },
  );
}
