import { type Static, Type } from 'typebox';
import { Name, Strict, Time } from './common.ts';

/** `unreached`: no connection, which the root server's own network may be the cause of. */
export const ProbeState = Type.Enum(['pass', 'fail', 'unreached'] as const);
export const Verification = Strict({
  probes: Type.Array(
    Strict({
      name: Name,
      url: Type.String(),
      state: ProbeState,
      reason: Type.String({ description: 'what it saw, a few words' }),
      since: Time,
      at: Time,
    }),
  ),
});
export type Verification = Static<typeof Verification>;
