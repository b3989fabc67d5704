import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { type Digest, type DomainId, installObjects, type PackageDocument, XylemError } from '@xylem/core';
import type { Root } from '../root.ts';
import { requireRoom } from '../store-room/quota.ts';
import { receive } from './packs.ts';

/** The largest object that a package document may name beside its trees. */
const maxObjectBytes = 256 * 1024 * 1024;

/**
 * Takes one object as it streams in; nothing is served of it before a package document names it.
 * @throws XylemError E_OBJECT_DIGEST, E_TOO_LARGE, E_DISK_FULL, E_PRODUCT_QUOTA
 */
export async function storeObject(root: Root, domain: string, object: string, body: Readable) {
  const digest = object as Digest;
  const place = domain as DomainId;
  if (await root.repository.hasObject(place, digest)) {
    body.resume();
    return { object, created: false };
  }
  await receive(root, body, { digest, what: 'An object', maxBytes: maxObjectBytes }, (file) =>
    root.contents.within(async () => {
      await requireRoom(root, place, (await stat(file)).size);
      await root.repository.adoptObject(place, digest, file);
    }),
  );
  return { object, created: true };
}

/** @throws XylemError E_OBJECT_MISSING */
export async function requireObjects(
  { repository }: Pick<Root, 'repository'>,
  domain: string,
  document: PackageDocument,
): Promise<void> {
  for (const { digest, sizeBytes } of installObjects(document)) {
    if ((await repository.objectSize(domain as DomainId, digest)) === sizeBytes) continue;
    throw new XylemError('E_OBJECT_MISSING', `The object ${digest} of ${sizeBytes} bytes was not sent.`, {
      details: { object: digest },
    });
  }
}
