import { limits, parseLook, proofsHeader } from '@xylem/core';
import type { Log } from '@xylem/platform';
import type { Spool } from '../spool/spool.ts';
import { type PostedRoute, posted, readPosted, sendTaken } from './posted.ts';
import { mayHear } from './rights.ts';

/** `POST /watermarks`: what the root server said of these reports, as far as who asks may hear it. */
export function answerLooks({ spool, log }: { readonly spool: Spool; readonly log: Log }): PostedRoute {
  return posted(async (peer, request, response) => {
    const rules = { maxBytes: limits.look, what: 'The look for watermarks' };
    const { reports } = parseLook(await readPosted(request, rules));
    const heard = reports.filter(({ host }) => mayHear(peer, host));
    const readsProofs = request.headers[proofsHeader] !== undefined;
    await sendTaken(200, spool.covering(heard, readsProofs), { request, response });
  }, log);
}
