/** How much is kept: results, and characters of the texts that they are of, all together. */
export interface Remembered {
  readonly most: number;
  readonly maxChars: number;
}

/**
 * `parse`, which keeps what it made of the texts that it was given last: who looks at a thousand environments meets the
 * same few documents again and again. What it returns is everybody's, and frozen. What it throws is not kept.
 */
export function remembering<T>(
  parse: (text: string) => T,
  { most, maxChars }: Remembered,
): (text: string) => T {
  // A Map keeps the order of insertion: taking out and putting in again makes the first one the least used.
  const kept = new Map<string, T>();
  let chars = 0;
  return (text) => {
    const known = kept.get(text);
    const isKnown = known !== undefined || kept.has(text);
    const result = isKnown ? (known as T) : frozen(parse(text));
    if (isKnown) kept.delete(text);
    else chars += text.length;
    kept.set(text, result);
    for (const oldest of kept.keys()) {
      if (kept.size <= most && chars <= maxChars) break;
      kept.delete(oldest);
      chars -= oldest.length;
    }
    return result;
  };
}

/** With all that it holds. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
