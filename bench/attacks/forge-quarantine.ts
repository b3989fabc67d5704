import {
  type DesiredState,
  encodeLift,
  encodeOperators,
  liftPayloadType,
  operatorsPayloadType,
  toB64u,
} from '@xylem/core';
import { generateKey, signDocument } from '@xylem/trust';

/** How who directs tries to get a quarantined release to a host. */
export type Getaround =
  /** As if there were no quarantine. */
  | { readonly how: 'left out' }
  /** A lift by a key of his own. */
  | { readonly how: 'forged' }
  /** Operators of his own, as the first ones and as those that follow, and a lift by them. */
  | { readonly how: 'operators' }
  /** Another release under the id of the quarantine. */
  | { readonly how: 'renamed' }
  /** Lifts that he has seen go by. */
  | { readonly how: 'given'; readonly lifts: readonly object[] };

type Words = Pick<DesiredState, 'quarantined' | 'lifts' | 'operators'>;
type Quarantine = NonNullable<DesiredState['quarantined']>[number];

/** What the thief has his desired state say of quarantines. */
export async function forgedWords(
  { environment, operators = [] }: DesiredState,
  quarantine: Quarantine,
  getaround: Getaround,
): Promise<Words> {
  const key = generateKey();
  const lifted = encodeLift({
    format: 'xylem-quarantine-lift-1',
    environment,
    product: quarantine.product,
    release: quarantine.release,
    version: quarantine.version,
    quarantine: quarantine.id,
    reason: 'Forged.',
    issued: quarantine.since,
  });
  const lift = { ...(await signDocument(liftPayloadType, lifted, [key])) };
  switch (getaround.how) {
    case 'left out':
      return { operators };
    case 'forged':
      return { operators, lifts: [lift] };
    case 'operators': {
      const own = [1, operators.length + 1].map(async (number) => {
        const keys = [{ public: toB64u(key.public), name: 'thief' }];
        const document = { format: 'xylem-operators-1' as const, environment, number, threshold: 1, keys };
        return { ...(await signDocument(operatorsPayloadType, encodeOperators(document), [key])) };
      });
      return { operators: [...operators, ...(await Promise.all(own))], lifts: [lift] };
    }
    case 'renamed':
      return { operators, quarantined: [{ ...quarantine, release: '0'.repeat(64) as never }] };
    case 'given':
      return { operators, lifts: getaround.lifts as Words['lifts'] & object };
  }
}
