import { XylemError } from '@xylem/core';
import { isName } from '../frame/words.ts';

const isLabelKey = (key: string): boolean => {
  const parts = key.split('.');
  return parts.length <= 2 && parts.every(isName);
};

/** `role=web` as key and value. @throws XylemError E_INPUT */
function readLabel(word: string): readonly [key: string, value: string] {
  const equals = word.indexOf('=');
  const key = word.slice(0, Math.max(equals, 0));
  if (isLabelKey(key)) return [key, word.slice(equals + 1)];
  throw new XylemError(
    'E_INPUT',
    `"${word}" is no label. Write key=value, as in role=web; a key has lower-case letters, digits and inner hyphens, and at most one dot.`,
  );
}

/** Labels that are set, each key once. @throws XylemError E_INPUT */
export function readLabels(
  words: readonly string[],
  removed: readonly string[] = [],
): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [key, value] of words.map(readLabel)) {
    if (Object.hasOwn(labels, key) || removed.includes(key)) {
      throw new XylemError('E_INPUT', `The label ${key} is named twice. Say once what it shall be.`);
    }
    labels[key] = value;
  }
  return labels;
}
