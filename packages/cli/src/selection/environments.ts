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
  const bad = words.find((word) => !pattern.test(word));
  if (bad === undefined) return [...words];
  throw new XylemError(
    'E_INPUT',
    `"${bad}" is no environment's name or pattern. Write tenant/environment, as in acme/production or '*/production'.`,
  );
}
