import { type Static, Type } from 'typebox';
import { Count, Id32, Name, Strict, Time } from './common.ts';

/** `unreached`: no connection, which the root server's own network may be the cause of. */
export const ProbeState = Type.Enum(['pass', 'fail', 'unreached'] as const);
const probeLast = {
  state: ProbeState,
  reason: Type.String({ description: 'what it saw, a few words' }),
  since: Time,
  at: Time,
};
/** The last result of a probe that the root server asks. */
export const ProbeLast = Strict(probeLast);
const HostSaw = Strict({
  host: Id32,
  name: Type.String(),
  state: Type.Enum(['fail', 'unreached', 'silent'] as const),
  reason: Type.String({ description: 'what it saw, a few words; empty where it said nothing' }),
});
export const Verification = Strict({
  probes: Type.Array(
    Strict({
      name: Name,
      url: Type.String(),
      ...probeLast,
    }),
  ),
  /** Of probes that hosts ask, as they reported last; absent: there are none. */
  onHosts: Type.Optional(
    Type.Array(
      Strict({
        name: Name,
        url: Type.String(),
        state: Type.Enum(['pass', 'fail', 'unreached', 'silent'] as const),
        hosts: Type.Integer({ minimum: 0, description: 'hosts that are to ask it' }),
        passed: Count,
        failing: Count,
        unreached: Count,
        silent: Type.Integer({ minimum: 0, description: 'hosts that have not said, or are not heard of' }),
        others: Type.Array(HostSaw, { description: 'hosts on which it does not pass, at most 100' }),
      }),
    ),
  ),
});
export type Verification = Static<typeof Verification>;
