import { X509Certificate } from 'node:crypto';
import type { Clock } from '@xylem/platform';
import { addressOf, caIdOf, type Identity } from '@xylem/trust';
import type { Accepted } from '../direction/wanted.ts';
import { wakeable } from '../run/wake.ts';
import type { CurrentIdentity } from './current.ts';

/** Whether this host is a relay: direction says so, and its certificate, which is renewed when it says otherwise. */
export interface Role {
  /** The certificate says otherwise than direction. */
  isDue(): boolean;
  /** Tells the program whether it serves, if that is new. */
  tell(): void;
  /** Direction may have changed: as `tell`, and ends `sleep` if a renewal is due. */
  look(): void;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface RoleOptions {
  readonly identity: CurrentIdentity;
  readonly accepted: () => Accepted | null;
  readonly clock: Clock;
  readonly tell: ((serve: boolean) => void) | undefined;
}

export function roleOf({ identity, accepted, clock, tell }: RoleOptions): Role {
  const renewal = wakeable(clock);
  let told: boolean | null = null;
  const isDue = (): boolean => shouldServe(accepted(), identity.get()) !== mayServe(identity.get());
  const say = (): void => {
    // One that shall not serve ends at once; one that shall begins when its certificate lets it.
    const serves = mayServe(identity.get()) && !isDue();
    if (serves === told) return;
    told = serves;
    tell?.(serves);
  };
  return {
    isDue,
    tell: say,
    look: () => {
      say();
      if (isDue()) renewal.wake();
    },
    sleep: (ms, signal) => renewal.sleep(ms, signal),
  };
}

/** Whether the certificate names anything that its holder may serve; an expired one counts too. */
export function mayServe({ certificatePem, caPem }: Pick<Identity, 'certificatePem' | 'caPem'>): boolean {
  const { subjectAltName } = new X509Certificate(certificatePem);
  return addressOf(subjectAltName, caIdOf(caPem)).serves !== null;
}

/** Where direction says nothing of this host yet, it is what it joined as. */
function shouldServe(accepted: Accepted | null, identity: Identity): boolean {
  if (accepted === null || accepted.frozen?.code === 'E_NOT_FOUND') return mayServe(identity);
  return accepted.entry.serve === true;
}
