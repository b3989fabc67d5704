import type { ServerResponse } from 'node:http';
import { encodeParents, type HostId, mostNeighbours, type NeighbourRelay, servedByBoth } from '@xylem/core';
import type { Peer } from '@xylem/trust';
import { sendJson } from './answer.ts';
import type { Children } from './children.ts';
import { mayFollow } from './rights.ts';

/** What this relay knows of the nodes around it. */
export interface Surroundings {
  readonly url: string;
  readonly host: HostId;
  readonly siblings: readonly NeighbourRelay[];
  readonly above: readonly string[];
  readonly line: readonly HostId[];
}

/**
 * `GET /parents`: where else this child could turn, of what it may follow anyway. A relay also says where its own
 * children find it, and hears of the other relays here.
 */
export function sendParents(
  { parents, children }: { readonly parents: () => Surroundings; readonly children: Children },
  peer: Peer,
  serves: string | null,
  response: ServerResponse,
): void {
  const { url, host, siblings, above, line } = parents();
  const scope = peer.root ? '*' : peer.serves;
  if (peer.host !== null && scope !== null && serves !== null) children.serve(peer.host, serves, scope);
  const isFor = (one: NeighbourRelay): boolean =>
    one.serves === '*' || one.serves.some((environment) => mayFollow(peer, environment));
  const relays =
    scope === null
      ? {}
      : {
          relays: children
            .relays()
            .flatMap((one) => {
              const shared = one.host === peer.host ? null : servedByBoth(one.serves, scope);
              return shared === null ? [] : [{ ...one, serves: shared }];
            })
            .slice(0, mostNeighbours),
        };
  const answer = encodeParents({
    format: 'xylem-parents-1',
    self: { url, host },
    siblings: siblings.filter(isFor).map((one) => one.url),
    above,
    line,
    ...relays,
  });
  sendJson(response, 200, answer);
}
