// Loaded into every test file's process (./test): random inputs are drawn from one seed, so that a run that fails
// fails again, and a change is not judged by luck. A file run by itself draws others each time.
// Only a file that draws any pays for the library. JavaScript, as test-deadline.mjs is.
import { readFileSync } from 'node:fs';

const file = process.argv[1];
if (
  process.env.NODE_TEST_CONTEXT !== undefined &&
  file !== undefined &&
  readFileSync(file, 'utf8').includes("from 'fast-check'")
) {
  const { default: fc } = await import('fast-check');
  fc.configureGlobal({ seed: Number(process.env.XYLEM_SEED ?? 1) });
}
