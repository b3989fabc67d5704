import { XylemError } from '@xylem/core';

const units: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** `50GB`, `1.5 TiB`: a number and its unit, in bytes. @throws XylemError E_INPUT */
export function parseSize(word: string): number {
  const [, number, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?) ?([A-Za-z]+)$/.exec(word) ?? [];
  const bytes = Math.round(Number(number) * (units[unit] ?? Number.NaN));
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new XylemError(
    'E_INPUT',
    `"${word}" is no size. Write a number and ${Object.keys(units).join(', ')}, as in 50GB.`,
  );
}
