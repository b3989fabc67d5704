import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type CarriedPackage,
  type Config,
  compareTreePaths,
  type Digest,
  type DomainId,
  emptyDigest,
  encodeTree,
  type FilesBlock,
  formatOf,
  type HealthCheck,
  type PackageDocument,
  sha256,
  type TreeEntry,
  type Version,
} from '@xylem/core';
import type { ComponentKind } from '../converge/points.ts';
import type { Placed } from '../slot/placed.ts';

const testDomain = 'd0'.repeat(16) as DomainId;

/** Small files by path; a path that ends in `!` is executable. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

export interface TestPackage extends Placed {
  readonly files: Files;
}

/** A package as this host should run it, with a tree of small files. */
export function testPackage(options: {
  component: string;
  version: string;
  kind?: ComponentKind;
  files?: Files;
  install?: FilesBlock;
  service?: PackageDocument['service'];
  command?: PackageDocument['command'];
  hooks?: PackageDocument['hooks'];
  preflight?: PackageDocument['preflight'];
  agent?: PackageDocument['agent'];
  container?: PackageDocument['container'];
  deb?: PackageDocument['deb'];
  rpm?: PackageDocument['rpm'];
  carried?: readonly CarriedPackage[];
  lock?: PackageDocument['lock'];
  health?: HealthCheck;
  config?: Config;
  ports?: PackageDocument['ports'];
  after?: string[];
  deployment?: string;
}): TestPackage {
  const {
    component,
    version,
    kind = 'files',
    files = {},
    config = {},
    after = [],
    deployment = null,
  } = options;
  const block = options.install === undefined ? {} : { files: options.install };
  const text = treeText(files);
  const tree = sha256(text);
  const sizeBytes = Object.values(files).reduce((sum, content) => sum + Buffer.byteLength(content), 0);
  const document = {
    ...formatOf({
      product: 'shop',
      component,
      version: version as Version,
      kind,
      ...block,
      ...(options.service === undefined ? {} : { service: options.service }),
      ...(options.hooks === undefined ? {} : { hooks: options.hooks }),
      ...(options.preflight === undefined ? {} : { preflight: options.preflight }),
      ...(options.lock === undefined ? {} : { lock: options.lock }),
    }),
    product: 'shop',
    component,
    version: version as Version,
    kind,
    variants: [{ tree, sizeBytes, ...(options.carried === undefined ? {} : { packages: options.carried }) }],
    ...block,
    ...(options.deb === undefined ? {} : { deb: options.deb }),
    ...(options.rpm === undefined ? {} : { rpm: options.rpm }),
    ...(options.service === undefined ? {} : { service: options.service }),
    ...(options.hooks === undefined ? {} : { hooks: options.hooks }),
    ...(options.preflight === undefined ? {} : { preflight: options.preflight }),
    ...(options.lock === undefined ? {} : { lock: options.lock }),
    ...(options.command === undefined ? {} : { command: options.command }),
    ...(options.agent === undefined ? {} : { agent: options.agent }),
    ...(options.container === undefined ? {} : { container: options.container }),
    ...(options.health === undefined ? {} : { health: options.health }),
    ...(options.ports === undefined ? {} : { ports: options.ports }),
    configDefaults: config,
  } as PackageDocument;
  return {
    component,
    product: 'shop',
    kind,
    release: sha256(`release ${version}`),
    package: sha256(JSON.stringify(document)),
    version: version as Version,
    deployment,
    domain: testDomain,
    tree,
    sizeBytes,
    after,
    config,
    document,
    files,
  };
}

function treeText(files: Files): Uint8Array {
  const entries = Object.entries(files).map(([name, content]): TreeEntry => {
    const bytes = Buffer.from(content as string);
    const digest = content === '' ? emptyDigest : sha256(bytes);
    const sizeBytes = bytes.length;
    return {
      type: 'file',
      path: name.replace(/!$/, ''),
      sizeBytes,
      digest,
      executable: name.endsWith('!'),
      chunks:
        sizeBytes <= mostChunkBytes
          ? [[digest, sizeBytes] as const].filter(() => sizeBytes > 0)
          : chunksOf(bytes),
    };
  });
  return encodeTree(entries.sort((a, b) => compareTreePaths(a.path, b.path)));
}

const mostChunkBytes = 256 * 1024;

/** Any cut is valid to a reader. */
function chunksOf(bytes: Uint8Array): [Digest, number][] {
  const pieces: [Digest, number][] = [];
  for (let at = 0; at < bytes.length; at += mostChunkBytes) {
    const piece = bytes.subarray(at, at + mostChunkBytes);
    pieces.push([sha256(piece), piece.length]);
  }
  return pieces;
}

/** What `fetchTree` would leave: the folder and, beside it, its text. */
export async function writeTree(into: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(into, name.replace(/!$/, ''));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { mode: name.endsWith('!') ? 0o755 : 0o644 });
  }
  await mkdir(into, { recursive: true });
  await writeFile(`${into}.tree`, treeText(files));
}

/** A service in a file `main.cjs` of its tree that answers its version at the port it is given. */
export function httpService(options: {
  component: string;
  version: string;
  port: number;
  status?: number;
  startTimeoutMs?: number;
  after?: string[];
}): TestPackage {
  const { component, version, port, status = 200, startTimeoutMs = 10_000, after = [] } = options;
  const main = `require('node:http').createServer((q, a) => { a.statusCode = ${status}; a.end('${version}'); })
    .listen(Number(process.argv[2]), '127.0.0.1'); process.on('SIGTERM', () => process.exit(0));\n`;
  return testPackage({
    component,
    version,
    kind: 'service',
    after,
    files: { 'main.cjs': main, VERSION: version },
    config: { port },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
    service: { command: ['${node}', '${tree}/main.cjs', '${config.port}'], stopTimeoutMs: 2_000 },
    health: {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
      http: { port: '${config.port}', path: '/' },
      intervalMs: 50,
      timeoutMs: 1_000,
      startTimeoutMs,
      successes: 1,
    },
  });
}

/**
 * A component of kind command: a script of its tree that keeps one line, its version, in the file `target`. Where the
 * version's `flaw` says so, one of its programs is broken.
 */
export function lineCommand(options: {
  component: string;
  version: string;
  target: string;
  flaw?: 'apply' | 'observe' | 'remove' | 'hang';
}): TestPackage {
  const { component, version, target, flaw = '' } = options;
  const script = `#!/bin/sh
cat >>"$2.asked"
case $1 in
  observe)
    [ '${flaw}' = observe ] && { echo 'no eyes' >&2; exit 4; }
    [ -e "$2" ] || { echo '{"state":"absent"}'; exit; }
    [ "$(cat "$2")" = '${version}' ] && { echo '{"state":"applied"}'; exit; }
    printf '{"state":"differs","detail":"it says %s"}\\n' "$(cat "$2")" ;;
  apply)
    [ '${flaw}' = apply ] && { echo half >"$2"; echo 'no such slot' >&2; exit 3; }
    [ '${flaw}' = hang ] && { sleep 300 & echo $! >"$2.sleeper"; wait; }
    echo '${version}' >"$2.new" && mv "$2.new" "$2" ;;
  remove)
    [ '${flaw}' = remove ] && { echo 'nothing removes me' >&2; exit 5; }
    rm -f "$2" ;;
esac
`;
  const step = (operation: string) => ({
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
    command: ['./line.sh', operation, '${config.target}'],
    timeoutMs: flaw === 'hang' && operation === 'apply' ? 300 : 20_000,
  });
  return testPackage({
    component,
    version,
    kind: 'command',
    files: { 'line.sh!': script },
    config: { target },
    command: { observe: step('observe'), apply: step('apply'), remove: step('remove') },
  });
}
