import { join } from 'node:path';

const checkout = join(import.meta.dirname, '..', '..', '..');

/**
 * What Node runs as the program `xylem` in tests: its source, so that a test of one file needs no build; in ./test, which
 * has just built it, the built one, as it is shipped: it starts in a third of the time.
 */
export const xylemEntry: string =
  process.env.XYLEM_TEST_BUILT === '1'
    ? join(checkout, 'dist', 'xylem.js')
    : join(checkout, 'packages', 'cli', 'src', 'main.ts');
