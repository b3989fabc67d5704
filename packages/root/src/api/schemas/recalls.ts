import { type Static, Type } from 'typebox';
import {
  Count,
  DigestText,
  EnvironmentRef,
  Id32,
  Name,
  Nullable,
  Reason,
  Strict,
  Time,
  Version,
} from './common.ts';

const RecallId = Type.String({ pattern: '^r-[0-9a-f]{12}$', description: 'the id of a recall' });
export const RecallParams = Strict({ id: RecallId });
export const RecallBegin = Strict({
  product: Name,
  version: Version,
  reason: Reason,
  dryRun: Type.Optional(Type.Boolean({ description: 'say which environments and hosts, change nothing' })),
});
export const RecallEnd = Strict({ reason: Reason });
export const RecallQuery = Strict({ product: Type.Optional(Name), version: Type.Optional(Version) });

export const RecallEnvironment = Strict({
  environment: EnvironmentRef,
  state: Type.Enum(['due', 'none', 'leaving', 'going-back', 'back', 'stopped', 'refused', 'lifted'], {
    description:
      'due: not looked at yet; none: nothing of it is directed there; leaving: another deployment takes it away; going-back, back: the rollback runs, or has succeeded; stopped: the rollback stands, or failed; refused: it may not go back; lifted: its operators lifted the quarantine',
  }),
  version: Nullable(Type.String({ description: 'what takes its place' })),
  deployment: Nullable(Type.String({ description: 'by which' })),
  quarantined: Type.Boolean({
    description: 'whether its hosts refuse the release by themselves: it has operators who could lift that',
  }),
  code: Nullable(Type.String()),
  message: Nullable(Type.String({ description: 'why it was refused, or has stopped' })),
});
export type RecallEnvironment = Static<typeof RecallEnvironment>;
export const RecallHost = Strict({
  id: Id32,
  name: Type.String(),
  environment: EnvironmentRef,
  components: Type.Array(Type.String(), {
    description: 'what it reports of the release; none: it was told to run it and has said nothing since',
  }),
  lastReport: Nullable(Time),
  silent: Type.Boolean(),
  pinned: Nullable(Type.String({ description: 'by whom a component is kept as it is, and why' })),
});
export type RecallHost = Static<typeof RecallHost>;
/** What whoever asks reads of it. `hosts`: the first 1,000 of `running` and `unheard` together. */
export const Recall = Strict({
  id: RecallId,
  product: Name,
  version: Version,
  release: DigestText,
  reason: Type.String(),
  by: Type.String(),
  since: Time,
  state: Type.Enum(['going', 'done', 'ended'], {
    description:
      'done: no host reports it and no environment directs it; ended: somebody took the recall back',
  }),
  ended: Nullable(Strict({ at: Time, by: Type.String(), reason: Type.String() })),
  environments: Type.Array(RecallEnvironment),
  running: Count,
  unheard: Count,
  hosts: Type.Array(RecallHost),
});
export type Recall = Static<typeof Recall>;
export const Recalls = Strict({
  recalls: Type.Array(Recall, { description: 'the newest 100, newest first' }),
});
/** `recall` null: a dry run. `environments`, `hosts`: how many it concerns now. */
export const RecallWas = Strict({
  recall: Nullable(Recall),
  environments: Type.Array(EnvironmentRef),
  hosts: Count,
});
