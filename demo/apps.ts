import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';

/** One version of one application, as npm installs it by the lockfile in `apps/`. */
export interface App {
  readonly component: 'typescript' | 'http-server';
  readonly version: string;
}

/** The demo's two releases, each with both applications. */
export const demoReleases: readonly { readonly version: string; readonly apps: readonly App[] }[] = [
  {
    version: '1.0.0',
    apps: [
      { component: 'typescript', version: '5.9.2' },
      { component: 'http-server', version: '14.1.0' },
    ],
  },
  {
    version: '1.1.0',
    apps: [
      { component: 'typescript', version: '5.9.3' },
      { component: 'http-server', version: '14.1.1' },
    ],
  },
];

/**
 * Installs an application below `cache`, once for its lockfile: nothing of it runs while it is installed.
 * @returns the folder that npm filled
 */
export async function installApp({ component, version }: App, cache: string): Promise<string> {
  const source = join(import.meta.dirname, 'apps', `${component}-${version}`);
  const lock = createHash('sha256')
    .update(await readFile(join(source, 'package-lock.json')))
    .digest('hex');
  const folder = join(cache, `${component}-${version}-${lock.slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const making = await mkdtemp(join(cache, '.tmp-'));
  try {
    for (const file of ['package.json', 'package-lock.json'])
      await cp(join(source, file), join(making, file));
    await npmCi(making);
    // Another demo may have been quicker; what it installed is the same.
    await rename(making, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  return folder;
}

async function npmCi(folder: string): Promise<void> {
  const words = [
    'ci',
    '--ignore-scripts',
    '--omit=dev',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--prefix',
    folder,
  ];
  const child = spawn('npm', words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  if (code !== 0)
    throw new XylemError(
      'E_NETWORK',
      `npm could not install what the demo distributes: ${said.trim() || 'npm is not there'}`,
    );
}

const manifests: { readonly [C in App['component']]: (version: string) => string } = {
  typescript: (version) => `product: demo
component: typescript
version: ${version}
kind: files
folder: tree
`,
  // It serves its own package folder, so that an answer tells which version gave it.
  'http-server': (version) => `product: demo
component: http-server
version: ${version}
kind: service
folder: tree
service:
  command: ['\${node}', node_modules/http-server/bin/http-server, node_modules/http-server, -a, 127.0.0.1, -p, '\${config.port}', -c-1]
  stopTimeout: 5s
health:
  http: { port: '\${config.port}', path: /package.json, status: 200 }
  interval: 200ms
  startTimeout: 30s
ports: ['\${config.port}']
configSchema: { type: object, properties: { port: { type: integer, minimum: 1, maximum: 65535 } }, additionalProperties: false }
configDefaults: { port: 8080 }
`,
};

/** Lays out a folder that \`xylem package publish\` takes. @returns it, and the tree in it as the publisher has it */
export async function packageFolder(
  app: App,
  installed: string,
  folder: string,
): Promise<{ folder: string; tree: string }> {
  const tree = join(folder, 'tree');
  const from = app.component === 'typescript' ? join(installed, 'node_modules', 'typescript') : installed;
  await cp(from, tree, { recursive: true, verbatimSymlinks: true });
  await writeFileAtomic(join(folder, 'xylem.yaml'), manifests[app.component](app.version));
  return { folder, tree };
}
