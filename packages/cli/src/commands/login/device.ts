import { hostname } from 'node:os';
import { XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import type { ResponseOf } from '@xylem/root/contract';
import type { Api } from '../../api/client.ts';
import type { Terminal } from '../../frame/terminal.ts';

type Begun = ResponseOf<'deviceBegin'>;

interface Waiting {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly terminal: Pick<Terminal, 'line'>;
}

/**
 * Lets a person approve this command line at the issuer, in whichever browser they have, and waits for it.
 * @returns the session's token
 * @throws XylemError E_OIDC (denied, expired, in no group), E_THROTTLED
 */
export async function signInByDevice(api: Api, { clock, signal, terminal }: Waiting): Promise<string> {
  const begun = await api.call('deviceBegin', { body: { device: hostname().slice(0, 100) } });
  terminal.line(instructions(begun));
  let waitSeconds = begun.intervalSeconds;
  for (;;) {
    await clock.sleep(waitSeconds * 1000, signal);
    try {
      const { session, intervalSeconds } = await api.call('devicePoll', { body: { handle: begun.handle } });
      if (session !== null) return session.token;
      waitSeconds = intervalSeconds ?? waitSeconds;
    } catch (error) {
      if (!isPassing(error) || clock.now() >= Date.parse(begun.expires)) throw error;
      // RFC 8628, section 3.5: who gets no answer asks less often.
      waitSeconds = Math.min(60, waitSeconds * 2);
    }
  }
}

/** Neither the issuer's silence nor the root server's ends it while the code is good. */
const isPassing = (error: unknown): boolean =>
  error instanceof XylemError &&
  ['E_ISSUER', 'E_PARENT_UNREACHABLE', 'E_NETWORK', 'E_BUSY'].includes(error.code);

const instructions = ({ userCode, verificationUri, verificationUriComplete, expires }: Begun): string =>
  [
    `Open ${verificationUri} in a browser, on any machine, and enter the code:`,
    '',
    `    ${userCode}`,
    '',
    ...(verificationUriComplete === null ? [] : [`Or open ${verificationUriComplete}`]),
    'Approve it only if the code there is the one here. Never enter a code that somebody sent you.',
    `Waiting until ${expires} …`,
  ].join('\n');
