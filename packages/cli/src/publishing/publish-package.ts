import { encodePackage, isOfPackages, isVersion, type PackageVariant, XylemError } from '@xylem/core';
import { type PackageManifest, packageDocumentOf } from '@xylem/core/yaml';
import type { Api } from '../api/client.ts';
import type { Invocation } from '../frame/define.ts';
import { counted, sizeText } from '../frame/words.ts';
import { publishInstall } from '../install/publish-install.ts';
import { manifestName, readManifest, sourceFolder, sourceImage } from '../manifest/manifest.ts';
import { attach, readStatements } from './attest.ts';
import { formerTree } from './former-trees.ts';
import { publishImage } from './image/publish-image.ts';
import { packageFiles } from './package-files.ts';
import { createProduct } from './product.ts';
import { textOf } from './product-role.ts';
import { leftOut, publishFolder } from './publish.ts';

type Tools = Pick<Invocation, 'home' | 'clock' | 'randomness' | 'signal' | 'terminal' | 'self'>;

/** The first publication of a product creates it, and says so. */
async function ensureProduct(
  { home, clock, randomness, signal, terminal }: Tools,
  api: Api,
  name: string,
): Promise<void> {
  if (await isThere(api, name)) return;
  try {
    await createProduct({ api, name, keysFolder: home.keysFolder, clock, randomness, signal });
    terminal.note(`Product ${name} is new: created, with a key of its own in ${home.keysFolder}.`);
  } catch (error) {
    // Who publishes at the same moment may have been first, which is as good.
    const wasFirst = error instanceof XylemError && error.code === 'E_CONFLICT' && (await isThere(api, name));
    if (!wasFirst) throw error;
  }
}

async function isThere(api: Api, product: string): Promise<boolean> {
  try {
    await api.call('productShow', { params: { product } });
    return true;
  } catch (error) {
    if (error instanceof XylemError && error.code === 'E_NOT_FOUND') return false;
    throw error;
  }
}

/**
 * Publishes the package that a folder's manifest describes, and creates its product the first time. The same bytes
 * again change nothing.
 * @param wanted.version instead of the manifest's
 * @param wanted.statements files of statements about it
 * @throws XylemError E_INPUT, E_PACKAGE_CONFLICT (other bytes under this version) and what docs/publishing.md names
 */
export async function publishPackage(
  tools: Tools,
  server: Api,
  folder: string,
  wanted: { readonly version?: string; readonly statements: readonly string[] },
) {
  const { terminal, signal, self, home } = tools;
  const written = await readManifest(folder);
  const version = wanted.version ?? written.package.version;
  if (!isVersion(version))
    throw new XylemError('E_INPUT', `The version ${version} is no semantic version, such as 2.4.0.`);
  const manifest: PackageManifest = { ...written, package: { ...written.package, version } };
  const { product, component } = manifest.package;
  const statements = await readStatements(wanted.statements);
  await ensureProduct(tools, server, product);

  const label = `${component}@${version}`;
  const progress = terminal.progress(label);
  const variants: PackageVariant[] = [];
  let sentBytes = 0;
  let files = 0;
  const { include } = manifest;
  const exclude = [...manifest.exclude, `./${manifestName}`];
  for (const source of manifest.sources) {
    const { folder: below, ...platform } = source;
    const to = { api: server, product, progress, signal, self };
    if (manifest.package.kind === 'container') {
      const image = await publishImage({
        ...to,
        source: await sourceImage(folder, below),
        image: manifest.image,
        platform,
      });
      variants.push({ ...image.platform, tree: image.tree, sizeBytes: image.sizeBytes });
      sentBytes += image.packedBytes;
      files += image.files;
      continue;
    }
    const from = await sourceFolder(folder, below);
    const isOut = leftOut(from, include, exclude);
    const { kind } = manifest.package;
    const packages = isOfPackages(kind) ? await packageFiles(kind, from, manifest.install, isOut) : undefined;
    const carried = { ...platform, ...(packages === undefined ? {} : { packages }) };
    // Before a byte is sent: what the files say and what is said of them must go together.
    packageDocumentOf(manifest, [
      { ...carried, tree: '0'.repeat(64) as PackageVariant['tree'], sizeBytes: 0 },
    ]);
    const former = formerTree(home.folder, [server.url, product, component, JSON.stringify(platform)]);
    const published = await publishFolder({ ...to, former, folder: from, include, exclude });
    variants.push({ ...carried, tree: published.tree, sizeBytes: published.sizeBytes });
    sentBytes += published.packedBytes;
    files += published.files;
  }
  const install = await publishInstall({ api: server, manifest, folder });
  const document = {
    ...packageDocumentOf(manifest, variants),
    ...(install === undefined ? {} : { install }),
  };
  const registered = await server.call('packageRegister', {
    params: { product },
    body: { document: textOf(encodePackage(document)) },
  });
  const candidates = [{ name: label, digest: registered.package }];
  const { added: statementsAdded } = await attach(server, product, statements, candidates);
  progress.done(
    `${counted(files, 'file')}, ${sentBytes === 0 ? 'nothing new to send' : `${sizeText(sentBytes)} sent`}`,
  );
  return { ...registered, product, component, version, variants, sentBytes, files, statementsAdded };
}
