// A second reporter beside node's own (./test): at the very end, how each test file ended that did not end by itself
// with all its tests told, and what it wrote last. Node's own says "test failed" of it, and no more.
//
// Node 26 at times aborts a process in a check of the async hooks that its own test runner sets (nodejs/node#38155 is of
// the same check). Where such files are all that failed, their names go to the file $XYLEM_TEST_AGAIN, a line each, and
// ./test runs them once more.
import { writeFileSync } from 'node:fs';

const mostCharacters = 4_000;
const ownAbort = 'Assertion failed: (env_->execution_async_id()) == (0)';

/** @param {AsyncIterable<{ type: string, data: any }>} events */
// biome-ignore lint/style/noDefaultExport: a reporter is the default export of its file
export default async function* ends(events) {
  const written = new Map();
  const ended = [];
  const failedIn = new Set();
  for await (const { type, data } of events) {
    if (type === 'test:stderr')
      written.set(
        data.entryFile,
        `${written.get(data.entryFile) ?? ''}${data.message}`.slice(-mostCharacters),
      );
    if (type === 'test:fail') failedIn.add(data.file);
    const { exitCode, signal } = data.details?.error ?? {};
    if (type === 'test:fail' && (typeof exitCode === 'number' || typeof signal === 'string'))
      ended.push({ file: data.file, exitCode, signal });
  }
  const again = new Set();
  for (const { file, exitCode, signal } of ended) {
    const how = signal === null ? `with exit code ${exitCode}` : `by ${signal}`;
    const last = written.get(file) ?? '(nothing)';
    if (signal === 'SIGABRT' && last.includes(ownAbort)) again.add(file);
    yield `\nxylem: ${file} ended ${how}; it wrote last:\n${last}\n`;
  }
  const { XYLEM_TEST_AGAIN: list } = process.env;
  if (list !== undefined && again.size > 0 && failedIn.size === again.size)
    writeFileSync(list, [...again, ''].join('\n'));
}
