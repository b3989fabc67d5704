import type { Topology } from '@xylem/root/contract';
import { defineCommand, flag, text } from '../../frame/define.ts';
import { age, sizeText } from '../../frame/words.ts';
import { environmentQuery } from '../../selection/environments.ts';
import { unheardLine } from './unheard.ts';

type Node = Topology['nodes'][number];

/**
 * The tree drawn with branches, relays with the address where they serve. What is below a relay of which nothing is
 * heard is one sentence.
 */
export function drawTopology({ root, nodes, unheard }: Topology, nowMs: number, withTraffic = false): string {
  const lines = [...unheard.map((one) => unheardLine(one, nowMs)), `root  ${root.url}`];
  const cutOff = new Set(unheard.map(({ relay }) => relay.id));
  const childrenOf = Map.groupBy(nodes, (node) => node.parent);
  const draw = (parent: string | null, indent: string): void => {
    if (parent !== null && cutOff.has(parent)) return;
    const children = childrenOf.get(parent) ?? [];
    for (const [index, node] of children.entries()) {
      const last = index === children.length - 1;
      lines.push(
        `${indent}${last ? '└── ' : '├── '}${nodeText(node, nowMs)}${withTraffic ? trafficText(node) : ''}`,
      );
      draw(node.id, `${indent}${last ? '    ' : '│   '}`);
    }
  };
  draw(null, '');
  return lines.join('\n');
}

function nodeText(node: Node, nowMs: number): string {
  const serves = node.url === null ? '' : `  serves ${node.url}`;
  const seen = node.lastSeen === null ? 'never reported' : `reported ${age(node.lastSeen, nowMs)} ago`;
  const drained = node.drained ? '  drained' : '';
  return `${node.name}  ${node.environment}  ${node.state}  ${seen}${serves}${drained}${supersededText(node)}`;
}

/** What was folded at its relay, of which one of before tells the last day alone, and of its own reports. */
function supersededText({ superseded, supersededTotal, ownSuperseded }: Node): string {
  const isSaid = superseded !== undefined || supersededTotal !== undefined;
  const inAll = supersededTotal === undefined ? '' : `, ${supersededTotal} in all`;
  const atRelay = `  ${superseded ?? 0} reports superseded before they went up in the last day${inAll}`;
  const own = `  ${ownSuperseded} of its own reports superseded before a parent took them`;
  return `${isSaid ? atRelay : ''}${ownSuperseded === undefined ? '' : own}`;
}

/** What its parent counted on the link between them. */
function trafficText({ carried }: Node): string {
  if (carried === undefined) return '  link not counted';
  const { hour, day } = carried;
  return `  last hour ${sizeText(hour.sentBytes)} down, ${sizeText(hour.receivedBytes)} up, last day ${sizeText(day.sentBytes)} down, ${sizeText(day.receivedBytes)} up`;
}

export const command = defineCommand({
  about: 'Who is whose child, as the hosts and relays reported it.',
  options: {
    env: text('<environment>', 'only this environment, or pattern'),
    traffic: flag('also what each link carried, as the parent counted'),
  },
  example: 'xylem topology',
  async run({ options, api, clock }) {
    const topology = await (await api()).call('topology', {
      query: environmentQuery(options.env),
    });
    return { data: topology, text: () => drawTopology(topology, clock.now(), options.traffic) };
  },
});
