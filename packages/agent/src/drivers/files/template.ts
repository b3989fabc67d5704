import { type ErrorCode, XylemError } from '@xylem/core';
import type { Liquid } from 'liquidjs';

/** What a template may name. Plain data. */
export type TemplateValues = Readonly<Record<string, unknown>>;

/** Fills templates strictly and within bounds: the same text and values give the same bytes, on every host. */
export interface Templates {
  /**
   * @param name for messages: the template's path in the tree
   * @throws XylemError E_TEMPLATE naming template, line and what is missing
   */
  fill(name: string, text: string, values: TemplateValues): string;
}

const code: ErrorCode = 'E_TEMPLATE';
const mostCharacters = 4 * 1024 * 1024;
const limits = { parseLimit: mostCharacters, memoryLimit: 16 * 1024 * 1024, renderLimit: 20_000 };

/** All that reads files, calls code, draws by chance or asks the clock is left out. */
const tags =
  'assign capture case comment if unless for break continue raw # echo cycle increment decrement'.split(' ');
const filters =
  `abs at_least at_most ceil divided_by floor minus plus modulo times round join last first reverse
  sort sort_natural size map sum compact concat slice where uniq append prepend lstrip downcase upcase remove
  remove_first rstrip split strip capitalize replace replace_first truncate url_encode base64_encode default raw
  json`.split(/\s+/);

let loaded: Promise<Templates> | null = null;

/** Loaded when a package has a template, and not before: an idle agent does without. */
export function loadTemplates(): Promise<Templates> {
  // By its default alone: esbuild gives a CommonJS module of a chunk of its own no other name.
  loaded ??= import('liquidjs').then(({ default: { Liquid } }) => templatesBy(new Liquid(options)));
  return loaded;
}

const options = {
  ...limits,
  strictVariables: true,
  strictFilters: true,
  ownPropertyOnly: true,
  jsTruthy: true,
  cache: false,
  outputEscape: shown,
};

function templatesBy(engine: Liquid): Templates {
  for (const name of Object.keys(engine.tags)) if (!tags.includes(name)) delete engine.tags[name];
  for (const name of Object.keys(engine.filters)) if (!filters.includes(name)) delete engine.filters[name];
  return {
    fill: (name, text, values) => {
      let filled: string;
      try {
        filled = engine.renderSync(engine.parse(text, name), { ...values }) as string;
      } catch (error) {
        throw templateFault(name, error as Error);
      }
      if (filled.length <= mostCharacters) return filled;
      throw new XylemError(code, `${name} gives more than ${mostCharacters} characters.`);
    },
  };
}

/**
 * How a value stands in the text. A line break in a value could add a line of its own to a configuration file, so it is
 * refused unless the template says `raw`.
 */
function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') {
    const what =
      value === null || value === undefined ? 'the value is null' : 'the value is a list or an object';
    throw new Error(`${what}; give it a default, loop over it, or write "| json"`);
  }
  if (!/[^\P{Cc}\t]|[\u2028\u2029]/u.test(value)) return value;
  throw new Error('the value holds a line break or control character; write "| raw" where that is right');
}

/** Says where and what, and never a value. */
function templateFault(name: string, error: Error): XylemError {
  const { token, originalError } = error as Error & {
    token?: { getPosition?: () => [number, number] };
    originalError?: Error;
  };
  const line = token?.getPosition?.()[0];
  const what = (originalError?.message ?? error.message).replace(/, (file|line):.*$/s, '');
  return new XylemError(
    code,
    `${name}${line === undefined ? '' : `, line ${line}`}: ${what.slice(0, 300)}.`,
    { details: { template: name, line: line ?? null } },
  );
}
