// Bundles the programs that tests start (packages/*/src/**/*-main.ts) into .tools/test-mains/, for testMain of the test
// kit: from sources each of their many processes finds, reads and links some 300 modules.
import { globSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';

const root = dirname(import.meta.dirname);
const folder = '.tools/test-mains';

/** A source goes on to find what stands beside it: to it, it is where it was, wherever the checkout is mounted. */
const placed: Plugin = {
  name: 'placed',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/packages\/[^/]+\/src\/.*\.ts$/ }, async ({ path }) => {
      const at = relative(root, path);
      const contents = (await readFile(path, 'utf8'))
        .replaceAll('import.meta.dirname', `$at(${JSON.stringify(dirname(at))})`)
        .replaceAll('import.meta.filename', `$at(${JSON.stringify(at)})`)
        .replaceAll('import.meta.url', `$urlOf($at(${JSON.stringify(at)})).href`);
      return { contents, loader: 'ts' };
    });
  },
};

rmSync(join(root, folder), { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: globSync('packages/{agent,relay,store,testkit}/src/**/*-main.ts', { cwd: root }),
  outbase: '.',
  outdir: folder,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  sourcemap: 'linked',
  sourcesContent: false,
  chunkNames: 'chunks/[name]-[hash]',
  external: ['pg-native', 'esbuild'],
  plugins: [placed],
  // CommonJS dependencies inside an ES module ask for the first three.
  banner: {
    js: [
      "import { createRequire as $createRequire } from 'node:module';",
      "import { join as $join } from 'node:path';",
      "import { pathToFileURL as $urlOf } from 'node:url';",
      'const require = $createRequire(import.meta.url);',
      'const __filename = import.meta.filename, __dirname = import.meta.dirname;',
      `const $checkout = import.meta.dirname.slice(0, import.meta.dirname.lastIndexOf('/${folder}'));`,
      'const $at = (path) => $join($checkout, path);',
    ].join(' '),
  },
  logLevel: 'warning',
});
