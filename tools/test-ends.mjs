// A second reporter beside node's own (./test): at the very end, how each test file ended that did not end by itself
// with all its tests told, and what it wrote last. Node's own says "test failed" of it, and no more.
const mostCharacters = 4_000;

/** @param {AsyncIterable<{ type: string, data: any }>} events */
// biome-ignore lint/style/noDefaultExport: a reporter is the default export of its file
export default async function* ends(events) {
  const written = new Map();
  const ended = [];
  for await (const { type, data } of events) {
    if (type === 'test:stderr')
      written.set(
        data.entryFile,
        `${written.get(data.entryFile) ?? ''}${data.message}`.slice(-mostCharacters),
      );
    const { exitCode, signal } = data.details?.error ?? {};
    if (type === 'test:fail' && (typeof exitCode === 'number' || typeof signal === 'string'))
      ended.push({ file: data.file, exitCode, signal });
  }
  for (const { file, exitCode, signal } of ended) {
    const how = signal === null ? `with exit code ${exitCode}` : `by ${signal}`;
    yield `\nxylem: ${file} ended ${how}; it wrote last:\n${written.get(file) ?? '(nothing)'}\n`;
  }
}
