import type { SourceChoice } from './object-source.ts';

/** The same sources, asked for what nobody waits for yet. */
export function inBackground(choice: SourceChoice): SourceChoice {
  return {
    attempt: (path, use, signal) =>
      choice.attempt(
        path,
        (source) =>
          use({
            name: source.name,
            get: (wanted, request) => source.get(wanted, { ...request, isBackground: true }),
          }),
        signal,
      ),
  };
}
