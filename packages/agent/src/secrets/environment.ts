import { fillPlaceholders, type Sealed, sealedIn, XylemError } from '@xylem/core';
import type { Places } from '../drivers/driver.ts';
import { placesOf } from '../drivers/service/places.ts';
import type { Placed } from '../slot/placed.ts';
import type { OpenedValues } from './secrets.ts';

/** A service's variables: those that anybody may know, and those that a sealed value is part of. */
export interface SplitEnvironment {
  readonly open: Readonly<Record<string, string>>;
  /** With NUL, the value's version and NUL where the value would stand: no other text can look like it. */
  readonly sealed: Readonly<Record<string, string>>;
}

/** Pure. @throws XylemError E_PLACEHOLDER */
export function splitEnvironment(placed: Placed, places: Places): SplitEnvironment {
  const open: Record<string, string> = {};
  const sealed: Record<string, string> = {};
  for (const [name, text] of Object.entries(placed.document.service?.environment ?? {})) {
    let isSealed = false;
    const value = fillPlaceholders(text, {
      ...placesOf(placed, places),
      sealed: ({ version }: Sealed) => {
        isSealed = true;
        return `\0${version}\0`;
      },
    });
    (isSealed ? sealed : open)[name] = value;
  }
  return { open, sealed };
}

/**
 * The variables that hold opened values, in plain text: for the service alone.
 * @throws XylemError E_SECRET_INVALID for a value that no variable can hold
 */
export function openedEnvironment(
  placed: Placed,
  places: Places,
  opened: OpenedValues,
): Readonly<Record<string, string>> {
  if (sealedIn(placed.config).size === 0) return {};
  const names = Object.keys(splitEnvironment(placed, places).sealed);
  const fill = (_sealed: Sealed, key: string): string => {
    const value = opened.get(key);
    if (value !== undefined && !value.includes('\0')) return value;
    throw new XylemError(
      'E_SECRET_INVALID',
      `The sealed value of ${placed.component}.${key} can't be a variable.`,
    );
  };
  const filled = { ...placesOf(placed, places), sealed: fill };
  return Object.fromEntries(
    names.map((name) => [name, fillPlaceholders(placed.document.service?.environment?.[name] ?? '', filled)]),
  );
}
