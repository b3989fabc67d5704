import { fillPort } from '@xylem/core';
import type { Placed } from '../../slot/placed.ts';
import type { Places } from '../driver.ts';
import { placesOf } from './places.ts';

/** One of the two instances between which a service changes its version. */
export interface Side {
  /** Under which its supervisor keeps it. */
  readonly service: string;
  /** On which it listens. */
  readonly port: number;
}

/** Blue and green of a package on this host; null where its service is stopped before the next starts. @throws XylemError E_PLACEHOLDER */
export function sidesOf(placed: Placed, places: Places): readonly [Side, Side] | null {
  const block = placed.document.service?.switch;
  if (block === undefined) return null;
  const filled = placesOf(placed, places);
  const [blue = 0, green = 0] = block.ports;
  return [
    { service: `${placed.component}@blue`, port: fillPort(blue, filled) },
    { service: `${placed.component}@green`, port: fillPort(green, filled) },
  ];
}
