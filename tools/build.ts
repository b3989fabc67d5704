// Bundles the program into dist/: ESM with split chunks, so that a command loads only what it uses.
// Repeated runs cost a stat per source file: dist/.build.json records what the last build read.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = dirname(import.meta.dirname);
const outDir = join(root, 'dist');
const recordPath = join(outDir, '.build.json');
const entryPoints = { xylem: 'packages/cli/src/main.ts' };

/** What one build read and wrote. Paths are relative to the checkout (inputs) and to dist/ (outputs). */
interface BuildRecord {
  inputs: Record<string, string>;
  outputs: string[];
}

/** Size and modification time; undefined when there is no such file. */
function fingerprint(path: string): string | undefined {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  return stat && `${stat.size}:${stat.mtimeMs}`;
}

/** A file that changed while it was being built never counts as built. */
function fingerprintBefore(startedMs: number, path: string): string {
  const print = fingerprint(path) ?? 'gone';
  return Number(print.split(':')[1]) < startedMs ? print : 'changed';
}

function readRecord(): BuildRecord | undefined {
  try {
    return JSON.parse(readFileSync(recordPath, 'utf8')) as BuildRecord;
  } catch {
    return undefined; // never built, or the record was damaged: build
  }
}

function isUpToDate(record: BuildRecord | undefined): boolean {
  if (record === undefined) return false;
  const inputsSame = Object.entries(record.inputs).every(([path, print]) => fingerprint(path) === print);
  return inputsSame && record.outputs.every((path) => existsSync(join(outDir, path)));
}

/** Beside it, then renamed: a program that starts meanwhile sees the old file or the new one. */
function writeOutput(path: string, contents: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}

async function build(previous: BuildRecord | undefined): Promise<void> {
  const startedMs = Date.now();
  const { build: bundle } = await import('esbuild');
  const result = await bundle({
    absWorkingDir: root,
    entryPoints,
    outdir: outDir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    sourcemap: 'linked',
    sourcesContent: false,
    chunkNames: 'chunks/[name]-[hash]',
    external: ['pg-native'],
    // CommonJS dependencies inside an ES module ask for these.
    banner: {
      js: [
        "import { createRequire as $createRequire } from 'node:module';",
        'const require = $createRequire(import.meta.url);',
        'const __filename = import.meta.filename, __dirname = import.meta.dirname;',
      ].join(' '),
    },
    metafile: true,
    write: false,
    logLevel: 'warning',
  });

  // Installed packages change with the lockfile, which stands for all of their files.
  const sources = Object.keys(result.metafile.inputs).filter((path) => !path.includes('node_modules/'));
  const inputs = [...sources, 'tools/build.ts', 'package-lock.json', 'tsconfig.base.json'];
  const outputs = result.outputFiles.map((file) => relative(outDir, file.path));
  const record: BuildRecord = {
    inputs: Object.fromEntries(inputs.map((path) => [path, fingerprintBefore(startedMs, path)])),
    outputs,
  };

  // Chunks first, entries after what they load, the record last: killed anywhere, the next run builds again.
  const isEntry = (path: string) => !path.startsWith('chunks/');
  const ordered = result.outputFiles.toSorted(
    (a, b) => Number(isEntry(relative(outDir, a.path))) - Number(isEntry(relative(outDir, b.path))),
  );
  for (const file of ordered) writeOutput(file.path, file.contents);
  writeOutput(recordPath, JSON.stringify(record));

  // A program that still runs from the previous build may yet load one of its chunks: keep those, drop older ones.
  const kept = new Set([...outputs, ...(previous?.outputs ?? [])]);
  for (const path of readdirSync(outDir, { recursive: true, encoding: 'utf8' })) {
    if (path.startsWith('chunks/') && !kept.has(path)) rmSync(join(outDir, path), { force: true });
  }
}

if (existsSync(join(root, entryPoints.xylem))) {
  const previous = readRecord();
  if (!isUpToDate(previous)) {
    process.stderr.write('xylem: building\n');
    // esbuild has printed what is wrong; anything else says so itself.
    await build(previous).catch((error: Error) => {
      process.stderr.write(`xylem: the build failed: ${error.message.split('\n')[0]}\n`);
      process.exitCode = 1;
    });
  }
} else {
  process.stderr.write(`xylem: nothing to build yet: ${entryPoints.xylem} does not exist\n`);
}
