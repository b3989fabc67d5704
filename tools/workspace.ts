// What stands in this checkout: its packages and their source files. For the tests in this folder.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const checkout = dirname(import.meta.dirname);

export interface Manifest {
  name: string;
  exports?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

interface SourcePackage {
  /** The folder's name below packages/, which is the name without its scope. */
  name: string;
  /** Relative to the checkout. */
  folder: string;
  manifest: Manifest;
  /** Names of the packages that its tsconfig.json references. */
  references: string[];
}

export function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(join(checkout, path), 'utf8')) as T;
}

export function packages(): SourcePackage[] {
  return glob('packages/*/package.json').map((path) => {
    const folder = dirname(path);
    const { references = [] } = readJson<{ references?: { path: string }[] }>(`${folder}/tsconfig.json`);
    return {
      name: folder.slice('packages/'.length),
      folder,
      manifest: readJson<Manifest>(path),
      references: references.map((reference) => reference.path.replace(/^\.\.\//, '')),
    };
  });
}

export function glob(pattern: string): string[] {
  return globSync(pattern, { cwd: checkout, exclude: ['**/node_modules/**', '**/.tsbuild/**'] }).sort();
}

/** TypeScript below packages/<name>/src, tests included. */
export function sourceFiles(name = '*'): string[] {
  return glob(`packages/${name}/src/**/*.{ts,tsx}`);
}

/** A test, or what a package's tests share below its src/testing/, which nothing that ships may import. */
export function isTest(path: string): boolean {
  return /\.test\.tsx?$|\/src\/testing\//.test(path);
}

export function readText(path: string): string {
  return readFileSync(join(checkout, path), 'utf8');
}

export function exists(path: string): boolean {
  return existsSync(join(checkout, path));
}
