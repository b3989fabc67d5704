import { access } from 'node:fs/promises';
import type { Log } from '@xylem/platform';
import { type JsonFile, jsonFile } from '../state/json-file.ts';

/** This host changes nothing of itself. */
export interface Observing {
  /** RFC 3339. */
  readonly since: string;
  /** Who said so, as this host's system names them. */
  readonly by: string;
  /** Whether a director may order that components are adopted. */
  readonly orders: boolean;
}

/** To adopt a component, or to give it back. */
export interface AdoptionOrder {
  /** 32 hexadecimal digits: carried out once. */
  readonly id: string;
  readonly component: string;
  readonly undo: boolean;
  /** Where it is, by a person on this host; absent: as the package says. */
  readonly from?: string;
  readonly unit?: string;
  readonly container?: string;
  readonly apart?: readonly string[];
  readonly by: string;
}

/** `local/adoption.json`: what people on this host said (docs/spec/adoption.md). */
export interface LocalAdoption {
  /** Null: the host follows direction. */
  readonly observing: Observing | null;
  /** The newest of each component. */
  readonly orders: readonly AdoptionOrder[];
}

export function adoptionFile(path: string, log: Log): JsonFile<LocalAdoption> {
  return jsonFile(path, 'xylem-adoption-1', parse, log);
}

/** What the file says. One that was damaged ends nothing: its host goes on observing until a person says otherwise. */
export async function localAdoption(path: string, log: Log): Promise<LocalAdoption> {
  const said = await adoptionFile(path, log).read();
  if (said !== null) return said;
  const isDamaged = await access(`${path}.damaged`).then(
    () => true,
    () => false,
  );
  const unreadable = {
    since: '1970-01-01T00:00:00Z',
    by: `${path}.damaged, which can't be read`,
    orders: false,
  };
  return { observing: isDamaged ? unreadable : null, orders: [] };
}

function parse({ observing, orders }: Record<string, unknown>): LocalAdoption {
  if (!Array.isArray(orders)) throw new Error('orders is not a list');
  return { observing: observing === null ? null : parseObserving(observing), orders: orders.map(parseOrder) };
}

function parseObserving(value: unknown): Observing {
  const { since, by, orders } = (value ?? {}) as Observing;
  if (typeof since !== 'string' || typeof by !== 'string') throw new Error('observing');
  return { since, by, orders: orders !== false };
}

function parseOrder(value: unknown): AdoptionOrder {
  const { id, component, undo, from, unit, container, apart, by } = (value ?? {}) as AdoptionOrder;
  if (typeof id !== 'string' || typeof component !== 'string')
    throw new Error('an order without its component');
  return {
    id,
    component,
    undo: undo === true,
    ...(typeof from === 'string' ? { from } : {}),
    ...(typeof unit === 'string' ? { unit } : {}),
    ...(typeof container === 'string' ? { container } : {}),
    ...(Array.isArray(apart) ? { apart: apart.map(String) } : {}),
    by: String(by),
  };
}
