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
  for (const { name, silent, reported, why } of behind.slice(0, 20)) {
    const unsaid = reported === null ? 'does not say which configuration it has' : 'has not applied it';
    lines.push(`  behind: ${name}${silent ? ', silent' : ''}: ${why ?? unsaid}`);
  }
  if (behind.length > 20) lines.push(`  and ${counted(behind.length - 20, 'more')}`);
  return lines.join('\n');
}
