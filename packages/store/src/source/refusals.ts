import { XylemError } from '@xylem/core';
import type { SourceChoice } from './object-source.ts';
import type { Refused } from './refused.ts';

/** Not having something, or being out of reach, is no lie. */
const harmless = new Set(['E_OBJECT_MISSING', 'E_PARENT_UNREACHABLE', 'E_PROXY', 'E_NETWORK', 'E_TIMEOUT']);

/** The same choice, which tells `onRefused` of everything that a source gave and that was thrown away. */
export function reportRefusals(
  choice: SourceChoice,
  onRefused: ((refused: Refused) => void) | undefined,
): SourceChoice {
  if (onRefused === undefined) return choice;
  return {
    attempt: (path, use, signal) =>
      choice.attempt(
        path,
        async (source) => {
          try {
            return await use(source);
          } catch (error) {
            if (error instanceof XylemError && error.retry === 'elsewhere' && !harmless.has(error.code)) {
              const named = error.details.path;
              onRefused({
                path: typeof named === 'string' ? named : path,
                source: source.name,
                code: error.code,
                message: error.message,
              });
            }
            throw error;
          }
        },
        signal,
      ),
  };
}
