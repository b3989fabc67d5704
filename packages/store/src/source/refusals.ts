import { XylemError } from '@xylem/core';
import type { SourceChoice } from './object-source.ts';
import type { Refused } from './refused.ts';

/** Not having something, or being out of reach, is no lie. */
const harmless = new Set([
  'E_OBJECT_MISSING',
  'E_PARENT_SLOW',
  'E_PARENT_UNREACHABLE',
  'E_PROXY',
  'E_NETWORK',
  'E_TIMEOUT',
]);

/** The same choice, which tells `onRefused` of everything that a source gave and that was thrown away. */
export function reportRefusals(
  choice: SourceChoice,
  onRefused: ((refused: Refused) => void) | undefined,
): SourceChoice {
  if (onRefused === undefined) return choice;
  const { comparison } = choice;
  const tell = (path: string, source: string, error: unknown): void => {
    if (!(error instanceof XylemError) || error.retry !== 'elsewhere' || harmless.has(error.code)) return;
    const named = error.details.path;
    const { code, message } = error;
    onRefused({ path: typeof named === 'string' ? named : path, source, code, message });
  };
  const compared = comparison && {
    ...comparison,
    blame: (source: string, error: XylemError): void => {
      tell('', source, error);
      comparison.blame(source, error);
    },
  };
  return {
    comparison: compared,
    attempt: (path, use, signal) =>
      choice.attempt(
        path,
        async (source) => {
          try {
            return await use(source);
          } catch (error) {
            tell(path, source.name, error);
            throw error;
          }
        },
        signal,
      ),
  };
}
