import { type Digest, XylemError } from '@xylem/core';
import {
  draftChange,
  type KeyChange,
  type PublicKey,
  type RoleKeys,
  type RootRoles,
  shortId,
  signedOnlyBy,
  type TrustedRepository,
  withoutDelegates,
  withoutReleases,
} from '@xylem/trust';
import type { Api } from '../../api/client.ts';
import { defineCommand, flag, list } from '../../frame/define.ts';
import { counted, nameAtVersion, only } from '../../frame/words.ts';
import { carryOut } from '../../publishing/carry-out.ts';
import { keyNamed, readPublicKeys } from '../../publishing/key-roles.ts';
import { createKey } from '../../publishing/keys.ts';
import { requireFree } from '../../publishing/out-file.ts';
import { readVendor } from '../../publishing/vendor.ts';
import { channelsOf, hostsThatRun, type Running } from './running.ts';
import { signOptions } from './shared.ts';

export const command = defineCommand({
  arguments: '<keyid>',
  about: `For a key that was stolen: it signs nothing any more, and releases that it alone signed are withdrawn, but those
that --keep names. Where too few keys would be left a new one is made here. Hosts that run what it signed are listed:
nothing is stopped on them.`,
  options: {
    keep: list('<release>', 'a release that you know to be yours, such as shop@1.0.0; may be repeated'),
    keepAll: flag('keep all of its releases'),
    public: list('<file>', 'the key that takes its place, if it lies elsewhere'),
    ...signOptions,
  },
  example: 'xylem keys revoke 3fa85f6457174562 --keep shop@1.0.0 --keep shop@1.1.0',
  async run(invocation) {
    const { args, options, api, home, clock } = invocation;
    await requireFree(options.out);
    if (options.keepAll && options.keep.length > 0) {
      throw new XylemError('E_INPUT', '--keep-all keeps every release: leave out --keep.');
    }
    const server = await api();
    const word = only(args);
    const { products } = await readVendor(server);
    const known = await server.call('productList', {});
    const named = products.filter(({ product }) => known.products.some((one) => one.product === product));
    const { trusted } = await readVendor(
      server,
      named
        .filter(({ keys }) => keys.some(({ keyId }) => keyId.startsWith(word)))
        .map(({ product }) => product),
    );
    const revoked = keyNamed(allKeys(trusted), word, 'the release repository');
    const successor = await successorOf(trusted, revoked, options.public, home.keysFolder);
    const change = changeWithout(trusted, revoked, successor);
    const gone = options.keepAll ? new Map() : await lostReleases(server, trusted, revoked, options.keep);
    const channels = await channelsOf(server, [...gone.keys()]);
    const content: NonNullable<KeyChange['content']> = (product, present) =>
      withoutDelegates(
        gone.size === 0
          ? present
          : withoutReleases(present, new Set(gone.get(product)?.keys() ?? []), (channel) =>
              channels.get(channel),
            ),
      );
    const drafts = await draftChange(trusted, options.keepAll ? change : { ...change, content }, clock.now());
    const running = await hostsThatRun(server, gone);
    const withdrawn = [...gone].flatMap(([product, releases]) =>
      [...releases.values()].map((version) => `${product}@${version}`),
    );
    const data = { revoked: revoked.keyId, successor: successor?.keyId ?? null, withdrawn, running };
    const done = `The key ${shortId(revoked.keyId)} is revoked.`;
    const outcome = await carryOut(invocation, server, { trusted, drafts, data }, done);
    const more = [
      withdrawn.length === 0 ? 'No release is withdrawn.' : `Withdrawn: ${withdrawn.join(', ')}.`,
      ...running.map(sentence),
    ];
    const said = typeof outcome.text === 'string' ? outcome.text : outcome.text();
    return { ...outcome, text: [said, ...more].join('\n') };
  },
});

const sentence = ({ component, version, environment, hosts, names }: Running): string =>
  `${counted(hosts, 'host')} in ${environment} run ${component}@${version}, which it signed: ${names.join(', ')}${names.length < hosts ? ', …' : ''}`;

function rolesOf(trusted: TrustedRepository): [string, RoleKeys][] {
  const { root, targets } = trusted.root.roles;
  return [
    ['root', root],
    ['targets', targets],
    ...trusted.products.map((one): [string, RoleKeys] => [`product:${one.product}`, one]),
  ];
}

function allKeys(trusted: TrustedRepository): PublicKey[] {
  const keys = rolesOf(trusted).flatMap(([, role]) => role.keys);
  return [...new Map(keys.map((key) => [key.keyId, key])).values()];
}

const holds = ({ keys }: RoleKeys, { keyId }: PublicKey): boolean => keys.some((one) => one.keyId === keyId);

/** A role that would be left with fewer keys than must sign gets one in its place. */
async function successorOf(
  trusted: TrustedRepository,
  revoked: PublicKey,
  files: readonly string[],
  keysFolder: string,
): Promise<PublicKey | null> {
  const [given, another] = await readPublicKeys(files);
  if (another !== undefined)
    throw new XylemError('E_INPUT', 'One key takes the place of another: give --public once.');
  if (given !== undefined) return given;
  const short = rolesOf(trusted).filter(
    ([, role]) => holds(role, revoked) && role.keys.length - 1 < (role.threshold ?? 1),
  );
  const [first] = short;
  if (first === undefined) return null;
  return await createKey(keysFolder, first[0].replace('product:', ''), { ask: true });
}

function changeWithout(
  trusted: TrustedRepository,
  revoked: PublicKey,
  successor: PublicKey | null,
): KeyChange {
  const without = (role: RoleKeys): RoleKeys => ({
    keys: [
      ...role.keys.filter(({ keyId }) => keyId !== revoked.keyId),
      ...(successor === null ? [] : [successor]),
    ],
    threshold: role.threshold ?? 1,
  });
  const { roles } = trusted.root;
  const root: Partial<Record<keyof RootRoles, RoleKeys>> = {};
  for (const name of ['root', 'targets'] as const) {
    if (holds(roles[name], revoked)) root[name] = without(roles[name]);
  }
  const products = new Map(
    trusted.products.filter((one) => holds(one, revoked)).map((one) => [one.product, without(one)]),
  );
  return {
    ...(Object.keys(root).length === 0 ? {} : { root }),
    ...(products.size === 0 ? {} : { products }),
  };
}

/** By product: releases (digest to version) that the key alone signed and that nobody keeps. */
async function lostReleases(
  api: Api,
  trusted: TrustedRepository,
  revoked: PublicKey,
  keep: readonly string[],
): Promise<Map<string, Map<Digest, string>>> {
  const kept = keep.map((word) => nameAtVersion(word, 'release'));
  const lost = new Map<string, Map<Digest, string>>();
  for (const product of trusted.products.filter((one) => holds(one, revoked))) {
    const digests = signedOnlyBy(trusted, product, revoked.keyId);
    if (digests.size === 0) continue;
    const { releases } = await api.call('releaseList', { params: { product: product.product } });
    const versions = new Map(releases.map(({ release, version }) => [release as Digest, version]));
    // A slip here would withdraw what was to be kept.
    const unknown = kept.find(
      ({ name, version }) => name === product.product && ![...versions.values()].includes(version),
    );
    if (unknown !== undefined) {
      throw new XylemError('E_NOT_FOUND', `There is no release ${unknown.name}@${unknown.version} to keep.`);
    }
    const gone = new Map(
      [...digests]
        .map((digest): [Digest, string] => [digest, versions.get(digest) ?? shortId(digest)])
        .filter(
          ([, version]) => !kept.some((one) => one.name === product.product && one.version === version),
        ),
    );
    if (gone.size > 0) lost.set(product.product, gone);
  }
  const stranger = kept.find(({ name }) => !trusted.products.some(({ product }) => product === name));
  if (stranger !== undefined) throw new XylemError('E_NOT_FOUND', `There is no product ${stranger.name}.`);
  return lost;
}
