import { XylemError } from '@xylem/core';
import type { Traffic } from '@xylem/root/contract';
import { requiredText } from '../../frame/define.ts';
import { age, counted } from '../../frame/words.ts';

export const whereOption = { in: requiredText('<environment>', 'the environment whose traffic it is') };

/** @throws XylemError E_INPUT */
export function ofProduct(traffic: readonly Traffic[], product: string, environment: string): Traffic {
  const found = traffic.find((one) => one.product === product);
  if (found !== undefined) return found;
  throw new XylemError(
    'E_INPUT',
    `The YAML of ${environment} names no \`traffic\` for ${product}: there is nothing to switch.`,
  );
}

const mostShown = 20;

/** Where it goes, since when, and who has not applied that. */
export function trafficText(one: Traffic, nowMs: number): string {
  const { product, serving, groups, label, component, key, switched, done, applied, behind } = one;
  const all = applied.length + behind.length;
  const balancers = `${applied.length} of ${counted(all, 'balancer')} (${component})`;
  const lines = [
    `${product}: ${serving} of ${groups.join(', ')} serves (${label} = ${serving}, by ${key} of ${component}).`,
  ];
  if (switched !== null) {
    const { at, by, reason, deployment } = switched;
    const who = deployment === null ? by : `the deployment ${deployment}`;
    lines.push(`  switched ${age(at, nowMs)} ago by ${who}: ${reason}`);
  }
  if (all === 0) lines.push(`  no host has ${component}: nothing sends traffic there`);
  else lines.push(`  ${done ? 'done' : 'under way'}: ${balancers} have reported that they applied it`);
  if (applied.length > 0) lines.push(`  applied: ${namesText(applied)}`);
  for (const { name, silent, heard = null, reported, why } of behind.slice(0, mostShown)) {
    const unsaid = reported === null ? 'does not say which configuration it has' : 'has not applied it';
    const since = heard === null ? ', never heard of' : `, silent for ${age(heard, nowMs)}`;
    lines.push(`  behind: ${name}${silent ? since : ''}: ${why ?? unsaid}`);
  }
  if (behind.length > mostShown) lines.push(`  and ${counted(behind.length - mostShown, 'more')}`);
  if (behind.some(({ silent }) => silent))
    lines.push(
      `  A silent balancer may still send traffic elsewhere. Look at it; one that is gone: xylem host retire NAME, or for one deployment: xylem deployment skip ID NAME --reason TEXT.`,
    );
  return lines.join('\n');
}

function namesText(hosts: Traffic['applied']): string {
  const names = hosts.slice(0, mostShown).map(({ name }) => name);
  const more = hosts.length > mostShown ? ` and ${hosts.length - mostShown} more` : '';
  return names.sort().join(', ') + more;
}
