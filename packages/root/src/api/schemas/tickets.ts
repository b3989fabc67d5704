import { Type } from 'typebox';
import { Nullable, Strict, Time } from './common.ts';

export const ChangeSourceSet = Strict({
  url: Type.String({ minLength: 1, maxLength: 2_000, description: 'https://…, which is asked by POST' }),
});
const source = { url: Type.String(), setBy: Type.String(), set: Time };
export const ChangeSourceWithSecret = Strict({
  ...source,
  secret: Type.String({ description: 'of Standard Webhooks, by which questions are signed; shown once' }),
});
export const ChangeSourceShown = Strict({ source: Nullable(Strict(source)) });
