import { parsePackage, parseRelease, remembering } from '@xylem/core';

/**
 * Documents as the database has them, which were checked when they came in. Who looks at many environments for one
 * release reads the same few every time.
 */
const bounds = { most: 500, maxChars: 8_000_000 };

export const storedPackage = remembering(parsePackage, bounds);
export const storedRelease = remembering(parseRelease, bounds);
