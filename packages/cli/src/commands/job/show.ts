import { XylemError } from '@xylem/core';
import type { JobDetail } from '@xylem/root/contract';
import { defineCommand, flag } from '../../frame/define.ts';
import { only, sizeText } from '../../frame/words.ts';
import { exitCodeOf, runTable, testsText } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: `What became of one run: the end of what it printed, the tests of its JUnit file, its logs. Ends with 9 when it did not
pass. With --junit the file as the job wrote it; with --report the report that its host signed, an envelope.`,
  options: { junit: flag('the JUnit file alone'), report: flag("the host's signed report alone") },
  example: 'xylem job show 3f9a02c41b77',
  async run({ args, options, api }) {
    const data = await (await api()).call('jobShow', { params: { id: only(args) } });
    if (options.junit) return { data, text: alone(data.junit?.text ?? null, 'JUnit file', data) };
    if (options.report) return { data, text: alone(data.report, 'signed report', data) };
    return { data, text: () => about(data).join('\n'), exitCode: exitCodeOf([data]) };
  },
});

/** @throws XylemError E_NOT_FOUND */
function alone(text: string | null, what: string, { id }: JobDetail): string {
  if (text !== null) return text;
  throw new XylemError('E_NOT_FOUND', `No ${what} of the run ${id} is kept.`);
}

function about(run: JobDetail): string[] {
  const lines = [runTable([run]), ''];
  if (run.note !== null) lines.push(run.note);
  if (run.seconds !== null) lines.push(`It took ${run.seconds} s.`);
  if (run.tests !== null) {
    lines.push(testsText(run));
    for (const { name, message } of run.tests.failed) lines.push(`  failed: ${name}: ${message}`);
  }
  if (run.output !== null) lines.push(...kept('what it printed', run.output));
  for (const log of run.logs) lines.push(...kept(log.path, log));
  return lines;
}

function kept(what: string, { text, sizeBytes }: { text: string; sizeBytes: number }): string[] {
  if (sizeBytes === 0) return [];
  const isCut = Buffer.byteLength(text) < sizeBytes;
  return ['', `--- ${what}${isCut ? `, the end of ${sizeText(sizeBytes)}` : ''}`, text.trimEnd()];
}
