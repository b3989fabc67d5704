import type { Clock } from '@xylem/platform';
import { type Issuer, openIssuer } from './issuer.ts';
import type { PresentOidc } from './settings.ts';

/** Issuers as they described themselves lately. */
export interface Issuers {
  /** @throws XylemError E_ISSUER */
  of(settings: PresentOidc): Promise<Issuer>;
}

const keptMs = 10 * 60_000;
/** After a failure it is left in peace for so long, whoever asks: anybody can begin to sign in. */
const pauseMs = 10_000;

/** Keeps the one issuer that there is; a failure is kept too, and whoever asks meanwhile waits for the same answer. */
export function createIssuers(clock: Pick<Clock, 'monotonicMs'>, open = openIssuer): Issuers {
  let kept: { readonly key: string; untilMs: number; readonly issuer: Promise<Issuer> } | null = null;
  return {
    of: (settings) => {
      const nowMs = clock.monotonicMs();
      if (kept !== null && kept.key === settings.key && nowMs < kept.untilMs) return kept.issuer;
      const entry = { key: settings.key, untilMs: nowMs + keptMs, issuer: open(settings) };
      entry.issuer.catch(() => {
        entry.untilMs = clock.monotonicMs() + pauseMs;
      });
      kept = entry;
      return entry.issuer;
    },
  };
}
