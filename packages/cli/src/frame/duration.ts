import { XylemError } from '@xylem/core';

const seconds = { m: 60, h: 3600, d: 86_400, w: 604_800 } as const;
const examples = { m: '15m', h: '12h', d: '30d', w: '26w' } as const;
type Unit = keyof typeof seconds;

/** A length of time as typed, in seconds; `units` are those that the option takes. @throws XylemError E_INPUT */
export function readDuration(word: string, option: string, units: readonly Unit[]): number {
  const [, digits, letter] = /^(\d{1,6})([mhdw])$/.exec(word) ?? [];
  const unit = units.find((one) => one === letter);
  const given = unit === undefined ? 0 : Number(digits) * seconds[unit];
  if (given > 0) return given;
  const written = units.map((one) => examples[one]).join(' or ');
  throw new XylemError('E_INPUT', `${option} ${word} is no length of time. Write ${written}.`);
}
