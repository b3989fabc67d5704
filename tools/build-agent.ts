// Builds dist/xylem-agent: the agent as a single executable, with a Node in it, that needs glibc, libstdc++ and libatomic.
// node tools/build-agent.ts [--out FILE] [--version VERSION]
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build, type Plugin } from 'esbuild';

const root = dirname(import.meta.dirname);
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'dist', 'xylem-agent') },
    version: { type: 'string' },
  },
});
const out = resolve(values.out);

/** A build that calls itself another version, for tests of updates. */
const otherVersion = (version: string): Plugin => ({
  name: 'version',
  setup: ({ onLoad }) => {
    onLoad({ filter: /packages\/cli\/src\/version\.ts$/ }, () => ({
      contents: `export const version = ${JSON.stringify(version)};`,
      loader: 'ts',
    }));
  },
});

/** Symbols are a quarter of a Node. A machine without `strip` builds a larger one. */
function strippedNode(folder: string): string {
  const node = join(folder, 'node');
  copyFileSync(process.execPath, node);
  chmodSync(node, 0o755);
  try {
    execFileSync('strip', [node], { stdio: 'ignore' });
  } catch {
    process.stderr.write('xylem: no strip here, so the executable is larger than need be\n');
  }
  return node;
}

const folder = mkdtempSync(join(folderOf(out), '.build-agent-'));
try {
  const main = join(folder, 'main.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['packages/cli/src/agent-main.ts'],
    outfile: main,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node26',
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    banner: {
      js: "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(process.execPath);",
    },
    plugins: values.version === undefined ? [] : [otherVersion(values.version)],
    logLevel: 'warning',
  });
  const made = join(folder, 'xylem-agent');
  const config = join(folder, 'sea.json');
  writeFileSync(
    config,
    JSON.stringify({
      main,
      mainFormat: 'module',
      executable: strippedNode(folder),
      output: made,
      disableExperimentalSEAWarning: true,
    }),
  );
  execFileSync(process.execPath, ['--build-sea', config], { stdio: ['ignore', 'ignore', 'inherit'] });
  chmodSync(made, 0o755);
  renameSync(made, out);
  process.stdout.write(`${out} ${statSync(out).size} bytes\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function folderOf(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  return dirname(path);
}
