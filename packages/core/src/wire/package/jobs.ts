import { array, object, record, string } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import { name } from '../fields.ts';
import { argument, command, durationMs, variableName } from './fields.ts';
import type { PackagePart } from './part.ts';

/** docs/spec/jobs.md */

/** A file that the job writes, below its own folder. */
export const jobFile = string({
  title: 'a path below the folder of the job, without empty, "." and ".." segments',
  pattern: '^(?!\\.{1,2}(/|$))[^/\\p{Cc}]+(/(?!\\.{1,2}(/|$))[^/\\p{Cc}]+)*$',
  maxLength: 255,
});
export const mostJobLogs = 4;
export const jobBlock = {
  environment: record(variableName, argument),
  junit: jobFile,
  logs: array(jobFile, { maxItems: mostJobLogs }),
};
const job = object({ command }, { timeoutMs: durationMs, ...jobBlock });
export const jobsSchema = record(name, job);

export type Job = Static<typeof job>;
export const jobTimeoutDefaultMs = 600_000;
const mostJobs = 64;

/** Needs nothing of a reader: who does not know it never runs one. */
export const jobsPart: PackagePart = {
  fault: ({ kind, jobs }) => {
    if (jobs === undefined) return undefined;
    if (kind === 'agent') return { path: ['jobs'], sentence: 'expected for every kind but "agent"' };
    if (Object.keys(jobs).length > mostJobs)
      return { path: ['jobs'], sentence: `expected at most ${mostJobs} jobs` };
    return undefined;
  },
  texts: function* ({ jobs = {} }) {
    for (const [job, { command: words, environment = {} }] of Object.entries(jobs)) {
      for (const [i, text] of words.entries()) yield [['jobs', job, 'command', i], text];
      for (const [variable, text] of Object.entries(environment))
        yield [['jobs', job, 'environment', variable], text];
    }
  },
};
