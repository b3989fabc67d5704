import { XylemError } from '../errors.ts';
import { type LinkLimit, type LinkTimes, leastRate, weekdays } from '../wire/link-limit.ts';

const units: Readonly<Record<string, number>> = {
  'B/s': 1,
  'kB/s': 1_000,
  'MB/s': 1_000_000,
  'GB/s': 1_000_000_000,
  'kbit/s': 125,
  'Mbit/s': 125_000,
  'Gbit/s': 125_000_000,
};

/** `200kB/s`, `1.5MB/s`, `64kbit/s` in bytes per second. @throws XylemError E_INPUT */
export function parseRate(text: string): number {
  const [, number, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?) ?([A-Za-z/]+)$/.exec(text) ?? [];
  const rate = Math.round(Number(number) * (units[unit] ?? Number.NaN));
  if (Number.isNaN(rate))
    refuse(text, `a rate like 200kB/s, 1.5MB/s or 64kbit/s (${Object.keys(units).join(', ')})`);
  if (rate < leastRate) refuse(text, `at least ${rateText(leastRate)}: what is slower idles out`);
  return rate;
}

/** In the largest unit of bytes that says it exactly. */
function rateText(rate: number): string {
  const bytes = Object.entries(units).filter(([unit]) => unit.includes('B'));
  const [unit, size] = bytes.findLast(([, each]) => rate >= each && (rate * 1_000) % each === 0) ?? [
    'B/s',
    1,
  ];
  return `${rate / size}${unit}`;
}

type Weekday = (typeof weekdays)[number];

/** What people say about the times of a limit. */
export interface TimesText {
  readonly between?: string | undefined;
  readonly days?: string | undefined;
  readonly zone?: string | undefined;
}

/** `08:00-18:00`, `mon-fri` and `Europe/Berlin`; null where nothing is said. @throws XylemError E_INPUT */
export function parseTimes({ between, days, zone }: TimesText): (LinkTimes & { days?: Weekday[] }) | null {
  if (between === undefined && days === undefined && zone === undefined) return null;
  const [, from, to] = /^(\d\d:\d\d)-(\d\d:\d\d)$/.exec(between ?? '00:00-00:00') ?? [];
  if (from === undefined || to === undefined) refuse(between ?? '', 'two clock times like 08:00-18:00');
  if (zone === undefined) {
    throw new XylemError('E_INPUT', 'Say in which time zone these times are: zone Europe/Berlin, or UTC.');
  }
  return { from, to, zone, ...(days === undefined ? {} : { days: parseDays(days) }) };
}

/** `mon-fri`, `sat,sun`, `fri-mon`. */
function parseDays(text: string): Weekday[] {
  const found = new Set<Weekday>();
  const dayOf = (word = ''): number => {
    const day = weekdays.findIndex(
      (one) => /^(mo|tu|we|th|fr|sa|su)[a-z]*$/.test(word) && word.startsWith(one),
    );
    return day < 0 ? refuse(text, 'days like mon-fri or sat,sun') : day;
  };
  for (const part of text.toLowerCase().split(',')) {
    const [first, last = first, ...more] = part.split('-');
    if (more.length > 0) refuse(text, 'days like mon-fri or sat,sun');
    const [from, to] = [dayOf(first), dayOf(last)];
    for (let day = from; ; day = (day + 1) % weekdays.length) {
      found.add(weekdays[day] ?? 'mo');
      if (day === to) break;
    }
  }
  return weekdays.filter((day) => found.has(day));
}

/** `serve=1MB/s,each=100kB/s,between=08:00-18:00,days=mon-fri,zone=Europe/Berlin`. @throws XylemError E_INPUT */
export function parseLinkLimit(text: string): LinkLimit {
  // Days hold commas too: a word without `=` belongs to the part before it.
  const parts = text.split(/,(?=[a-z]+=)/).map((part) => part.split('='));
  const said = new Map(parts.map(([key = '', value = '']) => [key, value]));
  const known = ['down', 'up', 'serve', 'each', 'between', 'days', 'zone'];
  const isWrong =
    said.size < parts.length || parts.some((part) => part.length !== 2 || !known.includes(part[0] ?? ''));
  if (isWrong) refuse(text, `parts out of ${known.join('=, ')}=, each once, with commas between`);
  const rate = (key: 'down' | 'up' | 'serve' | 'each') => {
    const value = said.get(key);
    return value === undefined ? {} : { [key]: parseRate(value) };
  };
  const rates = { ...rate('down'), ...rate('up'), ...rate('serve'), ...rate('each') };
  if (Object.keys(rates).length === 0) refuse(text, 'a rate: down=, up=, serve= or each=');
  const times = parseTimes({ between: said.get('between'), days: said.get('days'), zone: said.get('zone') });
  return { ...rates, ...(times === null ? {} : { times }) };
}

/** As `parseLinkLimit` reads it. */
export function linkLimitText({ times, ...rates }: LinkLimit): string {
  const parts = Object.entries(rates).map(([key, rate]) => `${key}=${rateText(rate)}`);
  if (times !== undefined) {
    parts.push(`between=${times.from}-${times.to}`);
    if (times.days !== undefined) parts.push(`days=${times.days.join(',')}`);
    parts.push(`zone=${times.zone}`);
  }
  return parts.join(',');
}

function refuse(text: string, expected: string): never {
  throw new XylemError('E_INPUT', `Expected ${expected}, found ${JSON.stringify(text.slice(0, 100))}.`);
}
