import { type Static, Type } from 'typebox';
import {
  Count,
  DigestText,
  EnvironmentPattern,
  EnvironmentRef,
  Id32,
  Name,
  Nullable,
  Reason,
  Strict,
  Time,
  Version,
} from './common.ts';

const State = Type.Enum([
  'ordered',
  'running',
  'passed',
  'failed',
  'timed-out',
  'interrupted',
  'refused',
  'lost',
]);

/** `where`: a selector over hosts. `hosts`: on how many of those that fit. `stopped`: also where it does not run. */
export const JobRunBody = Strict({
  component: Name,
  job: Name,
  where: Type.Optional(Type.String({ maxLength: 4096 })),
  hosts: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
  version: Type.Optional(Version),
  stopped: Type.Optional(Type.Boolean()),
});
export const JobStop = Strict({ reason: Reason });
export const JobQuery = Strict({
  environment: Type.Optional(EnvironmentPattern),
  component: Type.Optional(Name),
  job: Type.Optional(Name),
  open: Type.Optional(Type.Enum(['true'])),
  limit: Type.Optional(Type.String({ pattern: '^([1-9][0-9]{0,2}|1000)$', description: '1 to 1000' })),
});
export const JobParams = Strict({
  id: Type.String({ pattern: '^[0-9a-f]{4,32}$', description: 'an id, or 4 and more of its first digits' }),
});

const Kept = Strict({ text: Type.String(), sizeBytes: Count });
const Tests = Strict({
  tests: Count,
  failures: Count,
  errors: Count,
  skipped: Count,
  failed: Type.Array(Strict({ name: Type.String(), message: Type.String() })),
});

/** `note`: why it waits, or did not pass. `finished`: by the root server's clock. `tests`: of its JUnit file. */
const Run = {
  id: Id32,
  environment: EnvironmentRef,
  product: Name,
  component: Name,
  version: Version,
  package: DigestText,
  release: Nullable(DigestText),
  job: Name,
  host: Strict({ id: Id32, name: Type.String() }),
  state: State,
  note: Nullable(Type.String()),
  by: Type.String(),
  ordered: Time,
  started: Nullable(Time),
  finished: Nullable(Time),
  seconds: Nullable(Count),
  exitCode: Nullable(Count),
  tests: Nullable(Tests),
};
export const JobRun = Strict(Run);
export type JobRun = Static<typeof JobRun>;
export const JobRuns = Strict({ runs: Type.Array(JobRun) });
export type JobRuns = Static<typeof JobRuns>;

/** `report`: the host's signed report that said so, an envelope as JSON. Texts are kept of the newest runs alone. */
export const JobDetail = Strict({
  ...Run,
  signal: Nullable(Type.String()),
  output: Nullable(Kept),
  junit: Nullable(Strict({ digest: DigestText, sizeBytes: Count, text: Nullable(Type.String()) })),
  logs: Type.Array(Strict({ path: Type.String(), text: Type.String(), sizeBytes: Count })),
  report: Nullable(Type.String()),
});
export type JobDetail = Static<typeof JobDetail>;
