// Finds uses of the ambient clock, randomness, HTTP and file writing in a TypeScript source.
import { SourceMap, type SourceMapPayload } from 'node:module';
import { transform } from 'esbuild';

/** esbuild replaces these only where they are the globals: a parameter of the same name is left alone. */
const globals: Record<string, string> = {
  'Date.now': '$ambient_Date_now',
  Date: '$ambient_Date',
  'Math.random': '$ambient_Math_random',
  fetch: '$ambient_fetch',
  'globalThis.fetch': '$ambient_fetch',
};

const uses: [RegExp, string][] = [
  [/\$ambient_Date_now\b/g, 'Date.now'],
  [/\bnew \$ambient_Date\(\)/g, 'new Date()'],
  [/(?<!\bnew )\$ambient_Date\(/g, 'Date()'],
  [/\$ambient_Math_random\b/g, 'Math.random'],
  [/\$ambient_fetch\b/g, 'fetch'],
];

const fileSystemImport = /\bimport\s+([^;]*?)\s+from\s+"(?:node:)?fs(?:\/promises)?"/g;

/** Patterns for what this source writes files with: names imported from node:fs, and members of its namespace. */
function fileWrites(code: string): [RegExp, string][] {
  return [...code.matchAll(fileSystemImport)].flatMap(([statement, clause = '']) => {
    const found: [RegExp, string][] = [];
    if (/\bwriteFile(Sync)?\b/.test(clause)) found.push([literal(statement), 'fs.writeFile']);
    const namespace = /^(?:\* as )?([\w$]+)/.exec(clause)?.[1];
    if (namespace !== undefined) {
      found.push([
        new RegExp(`${literal(namespace).source}\\.(promises\\.)?writeFile(Sync)?\\b`, 'g'),
        'fs.writeFile',
      ]);
    }
    return found;
  });
}

function literal(text: string): RegExp {
  return new RegExp(text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&'), 'g');
}

/** Each use as `line: what`, the line counted from 1 in the source given. */
export async function ambientUses(source: string, loader: 'ts' | 'tsx' = 'ts'): Promise<string[]> {
  const { code, map } = await transform(source, {
    loader,
    format: 'esm',
    target: 'esnext',
    define: globals,
    sourcemap: 'external',
    // An import that only a type uses is not a use; one that nothing uses is the linter's business.
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  const sourceMap = new SourceMap(JSON.parse(map) as SourceMapPayload);
  return [...uses, ...fileWrites(code)].flatMap(([pattern, what]) =>
    [...code.matchAll(pattern)].map((match) => {
      const before = code.slice(0, match.index).split('\n');
      const entry = sourceMap.findEntry(before.length - 1, before.at(-1)?.length ?? 0);
      return `${'originalLine' in entry ? entry.originalLine + 1 : '?'}: ${what}`;
    }),
  );
}
