import { type DomainId, liveWaypoints, type Version, XylemError } from '@xylem/core';
import { productRoleName, readProductRules } from '@xylem/trust';
import { defineCommand } from '../../frame/define.ts';
import { isName, only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<product>',
  about: `What a product's publisher says of the ways between its releases: the floor, releases that must be passed through, versions
from which no update leads on, and steps back.`,
  example: 'xylem product graph shop',
  async run({ args, api }) {
    const product = only(args);
    if (!isName(product)) throw new XylemError('E_INPUT', `"${product}" is no product's name.`);
    const { domain, roles } = await (await api()).call('productRoles', { params: { product } });
    const role = roles.find((one) => one.role === productRoleName(domain as DomainId));
    const rules = role === undefined ? {} : readProductRules(new TextEncoder().encode(role.metadata));
    const { floor, transitions = {} } = rules;
    const { deadEnds = [], downgrades = [] } = transitions;
    const waypoints = liveWaypoints(rules);
    const lines = [
      ...waypoints.map(({ version, from }) => `${from ?? 'all below'} must pass through ${version}`),
      ...deadEnds.map(({ versions, reason }) => `no update leads on from ${versions}: ${reason}`),
      ...downgrades.map(
        ({ from, to, allowed }) => `from ${from} back to ${to}: ${allowed ? 'allowed' : 'not allowed'}`,
      ),
      ...(waypoints.length === 0 ? [] : ['any other step back past a waypoint: not allowed']),
    ];
    return {
      data: { product, floor: (floor ?? null) as Version | null, waypoints, deadEnds, downgrades },
      text: [
        floor === undefined ? `${product} has no floor.` : `No host takes ${product} below ${floor}.`,
        ...(lines.length === 0 ? ['Any release may follow any other.'] : lines),
      ].join('\n'),
    };
  },
});
