import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = join(import.meta.dirname, '..', '..', '..');

/**
 * What Node runs as the program `xylem` in tests: its source, so that a test of one file needs no build; in ./test, which
 * has just built it, the built one, as it is shipped: it starts in a third of the time.
 */
export const xylemEntry: string =
  process.env.XYLEM_TEST_BUILT === '1'
    ? join(checkout, 'dist', 'xylem.js')
    : join(checkout, 'packages', 'cli', 'src', 'main.ts');

/**
 * What Node runs as a program that stands in the sources for tests alone (`…-main.ts`): the source; in ./test what
 * tools/build-test-mains.ts has just made of it, which starts in a third of the time.
 */
export function testMain(source: URL): string {
  const path = fileURLToPath(source);
  if (process.env.XYLEM_TEST_MAINS !== '1') return path;
  return join(checkout, '.tools', 'test-mains', relative(checkout, path).replace(/\.ts$/, '.js'));
}
