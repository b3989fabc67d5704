import { array, closedObject, string } from '../schema/build.ts';

/** What a policy may demand before anything begins, and a plan besides. */

const share = string<`${number}%`>({ title: 'a share like "90%"', pattern: '^([1-9][0-9]?|100)%$' });
const uri = string({ title: 'a URI', minLength: 1, maxLength: 500 });
const statementRule = closedObject(
  {
    predicateType: uri,
    key: string({
      title: 'a public key in PEM, from "-----BEGIN PUBLIC KEY-----" on',
      pattern: '^-----BEGIN PUBLIC KEY-----\\n[A-Za-z0-9+/=\\n]+\\n-----END PUBLIC KEY-----\\n?$',
      maxLength: 1000,
    }),
  },
  { builder: uri, source: uri },
);

/** How many hosts must be well. */
export const healthSchema = closedObject({ atLeast: share });

/** What others must have said about the release. */
export const provenanceSchema = closedObject({
  require: array(statementRule, { minItems: 1, maxItems: 16 }),
});
