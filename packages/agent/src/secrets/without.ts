const instead = '(sealed)';
/** A shorter end of a value at the beginning of a text says nothing, and would be found in many a text. */
const shortestEnd = 4;

/**
 * A text that is the end of what a program wrote, without the opened values that it may have written: of one that was cut
 * off where the text begins the rest is taken out too. Pure.
 */
export function withoutValues(text: string, values: Iterable<string>): string {
  const longestFirst = [...values].filter((value) => value !== '').sort((a, b) => b.length - a.length);
  const cut = longestFirst.reduce((rest, value) => withoutEnd(rest, value), text);
  return longestFirst.reduce((rest, value) => rest.replaceAll(value, instead), cut);
}

function withoutEnd(text: string, value: string): string {
  for (let length = value.length - 1; length >= shortestEnd; length -= 1) {
    const end = value.slice(-length);
    if (text.startsWith(end)) return `${instead}${text.slice(length)}`;
  }
  return text;
}
