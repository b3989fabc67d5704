import { XylemError } from '@xylem/core';

const pattern = /^[a-z0-9*?-]+(\/[a-z0-9*?-]+)?$/;

/** Environments as typed: names or patterns; where there is one tenant it need not be named. @throws XylemError E_INPUT */
export function environmentPatterns(words: readonly string[], optionName: string): string[] {
  if (words.length === 0) {
    throw new XylemError(
      'E_INPUT',
      `Say which environments: ${optionName} acme/production, or a pattern such as '*/production'.`,
    );
  }
  return words.map(environmentPattern);
}

/** @throws XylemError E_INPUT */
export function environmentPattern(word: string): string {
  if (pattern.test(word)) return word;
  throw new XylemError(
    'E_INPUT',
    `"${word}" is no environment's name or pattern. Write tenant/environment, as in acme/production or '*/production'.`,
  );
}

/** The query of a command that looks at one environment, a pattern of them, or all. @throws XylemError E_INPUT */
export const environmentQuery = (word: string | undefined): { environment?: string } =>
  word === undefined ? {} : { environment: environmentPattern(word) };
