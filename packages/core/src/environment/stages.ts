import { XylemError } from '../errors.ts';
import type { Selectable } from '../selector/selector.ts';
import type { EnvironmentSpec } from './spec.ts';

/** The order of a tenant that has none of its own: what comes first is tried first. */
export const defaultStages = ['development', 'test', 'staging', 'production'] as const;
export const mostStages = 20;

/** What an environment says of itself to selectors; its own labels may not take these names. */
export const environmentKeys = ['id', 'name', 'tenant', 'environment', 'stage'] as const;

/**
 * An environment as selectors look at it (`--where 'ring = 1 and stage = production'`): its labels, and `name`
 * (`acme/production`), `tenant`, `environment`, `stage`. Pure.
 */
export function environmentSelectable(id: string, { name, stage, labels = {} }: EnvironmentSpec): Selectable {
  const [tenant = '', environment = ''] = name.split('/');
  return { id, name, labels: { ...labels, tenant, environment, ...(stage === undefined ? {} : { stage }) } };
}

/** Stages before this one, the nearest first; none for one that is not in the order. Pure. */
export function earlierStages(order: readonly string[], stage: string): string[] {
  return order.slice(0, Math.max(0, order.indexOf(stage))).reverse();
}

/** The stage after this one, or null. Pure. */
export function nextStage(order: readonly string[], stage: string): string | null {
  const at = order.indexOf(stage);
  return at === -1 ? null : (order[at + 1] ?? null);
}

/** @throws XylemError E_INPUT for an order that names a stage twice */
export function refuseBadOrder(order: readonly string[]): void {
  const twice = order.find((stage, at) => order.indexOf(stage) !== at);
  if (twice === undefined) return;
  throw new XylemError('E_INPUT', `The stage ${twice} is named twice. Name each once, in their order.`);
}
