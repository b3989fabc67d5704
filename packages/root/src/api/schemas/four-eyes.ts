import { Type } from 'typebox';
import { Nullable, Strict, Time } from './common.ts';

/** Whether what the rule covers takes two people; `off`: who asked to switch it off, until another person does. */
export const FourEyes = Strict({
  on: Type.Boolean(),
  off: Nullable(Strict({ by: Type.String(), until: Time })),
});
export const FourEyesSet = Strict({ on: Type.Boolean() });
