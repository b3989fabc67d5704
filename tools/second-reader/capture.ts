/**
 * Makes `fixtures/v1` anew: a whole repository folder written by a real root server, with a real host joined, and what
 * that host should run by the publisher's own files. Run once for each major format; what it made stays for ever.
 *
 *     node tools/second-reader/capture.ts
 */
import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { cleanup, program, tempFolder } from '@xylem/testkit';

const fixture = join(import.meta.dirname, 'fixtures/v1');
const own = cleanup();
const folder = await tempFolder(own, 'capture');
const path = (...names: string[]): string => join(folder, ...names);
const placeholder = (name: string): string => ['$', `{${name}}`].join('');

const environmentYaml = `environment: acme/production
products:
  shop:
    components:
      shop-api: { where: 'role in (web, spare) and not site = fra' }
      shop-pages: { where: 'site exists or name ~ "web-*"', config: {} }
`;
const manifests = {
  'shop-api': `kind: service
service: { command: ['${placeholder('node')}', server.mjs, '${placeholder('config.port')}'] }
configSchema: { type: object, properties: { port: { type: integer } }, additionalProperties: false }
configDefaults: { port: 8080 }
`,
  'shop-pages': 'kind: files\n',
};

/** Bytes that look random and are the same each time. */
function noise(sizeBytes: number): Buffer {
  const pieces: Buffer[] = [];
  for (let n = 0; n * 32 < sizeBytes; n++) pieces.push(createHash('sha256').update(`noise ${n}`).digest());
  return Buffer.concat(pieces).subarray(0, sizeBytes);
}

async function writePackage(component: keyof typeof manifests, version: string): Promise<string> {
  const made = path(`${component}-${version}`);
  const tree = join(made, 'tree');
  await mkdir(join(tree, 'sub/deep'), { recursive: true });
  await mkdir(join(tree, 'empty folder'));
  await writeFile(join(tree, 'server.mjs'), `setInterval(() => {}, 1e6); // ${component} ${version}\n`);
  await writeFile(join(tree, 'large.bin'), Buffer.concat([noise(150_000), Buffer.from(version)]));
  await writeFile(join(tree, 'sub/zero'), '');
  await writeFile(join(tree, 'sub/Grüße.txt'), 'same in each version\n'.repeat(2000));
  await writeFile(join(tree, 'sub/deep/run.sh'), '#!/bin/sh\n');
  await chmod(join(tree, 'sub/deep/run.sh'), 0o755);
  await symlink('../large.bin', join(tree, 'sub/link'));
  const head = `product: shop\ncomponent: ${component}\nversion: ${version}\nfolder: tree\n`;
  await writeFile(join(made, 'xylem.yaml'), head + manifests[component]);
  return made;
}

/** What a tree installs: path to SHA-256, link's target, or "folder" for an empty one. */
async function filesOf(tree: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(tree, { recursive: true, withFileTypes: true })) {
    const full = join(entry.parentPath, entry.name);
    const name = relative(tree, full);
    if (entry.isSymbolicLink()) files[name] = await readlink(full);
    else if (entry.isFile())
      files[name] = createHash('sha256')
        .update(await readFile(full))
        .digest('hex');
    else if ((await readdir(full)).length === 0) files[name] = 'folder';
  }
  return files;
}

const xylem = program({
  entry: join(import.meta.dirname, '../../packages/cli/src/main.ts'),
  home: path('home'),
  logs: path('logs'),
});
const json = <T>(...words: string[]): Promise<T> => xylem.command(words) as Promise<T>;

async function joinHost(nodesUrl: string, name: string, labels: readonly string[]): Promise<string> {
  const given = labels.flatMap((label) => ['--label', label]);
  const { token } = await json<{ token: string }>('token', 'create', '--env', 'production', ...given);
  const { host } = await json<{ host: string }>(
    'join',
    nodesUrl,
    '--token',
    token,
    '--name',
    name,
    '--state',
    path(name),
  );
  return host;
}

try {
  const { operatorToken } = await json<{ operatorToken: string }>(
    'root',
    'init',
    '--state',
    path('root'),
    '--tenant',
    'acme',
  );
  const ports = ['--api', '127.0.0.1:0', '--listen', '127.0.0.1:0'];
  const ready = await xylem.start('root', ['root', 'run', '--state', path('root'), ...ports]);
  const { apiUrl, nodesUrl } = ready as { apiUrl: string; nodesUrl: string };
  await json('login', apiUrl, '--token', operatorToken);
  await writeFile(path('production.yaml'), environmentYaml);
  await json('env', 'create', 'acme/production', '--file', path('production.yaml'));
  const host = await joinHost(nodesUrl, 'web-1', ['role=web', 'site=muc']);
  await joinHost(nodesUrl, 'web-2', ['role=web', 'site=fra']);
  for (const name of ['web-1', 'web-2']) {
    await xylem.start(name, ['agent', 'run', '--state', path(name)]);
    own.after(() => xylem.endServices(path(name)));
  }
  for (const version of ['1.0.0', '1.1.0']) {
    const chosen: string[] = [];
    for (const component of ['shop-api', 'shop-pages'] as const) {
      await json('package', 'publish', await writePackage(component, version));
      chosen.push('--with', `${component}@${version}`);
    }
    await json('release', 'create', `shop@${version}`, ...chosen, '--after', 'shop-api=shop-pages');
  }
  await json('channel', 'set', 'shop/stable', '1.1.0');
  await json('host', 'configure', 'web-1', 'shop-api', 'port=18099');
  await json('deploy', 'shop@1.1.0', '--to', 'acme/production', '--watch', '--timeout', '60', '--yes');

  await rm(fixture, { recursive: true, force: true });
  for (const part of ['r', 'o', 'news'])
    await cp(path('root/repository', part), join(fixture, 'repository', part), { recursive: true });
  await cp(path('web-1/identity/trust-map.json'), join(fixture, 'trust-map.json'));
  const expected = Object.fromEntries(
    await Promise.all(
      ['shop-api', 'shop-pages'].map(async (component) => [
        component,
        {
          version: '1.1.0',
          config: component === 'shop-api' ? { port: 18_099 } : {},
          files: await filesOf(path(`${component}-1.1.0`, 'tree')),
        },
      ]),
    ),
  );
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  await writeFile(
    join(fixture, 'expected.json'),
    `${JSON.stringify({ host, now, components: expected }, null, 1)}\n`,
  );
  process.stdout.write(`${fixture} is made: host ${host} at ${now}\n`);
} finally {
  await xylem.stop();
  await own.run();
}
