import type { TrustedRepository } from '@xylem/trust';

/** When offline roles of a release repository expire, in milliseconds since 1970: `targets`, `product:<name>`. */
export function endsOf({ targets, products, roles }: TrustedRepository): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  if (targets !== null) ends.set('targets', endOf(targets));
  for (const { product, domain } of products) {
    // A product's bins are signed with it, each when it changes: the first that ends counts.
    const own = [...roles]
      .filter(([role]) => role.startsWith(`p-${domain}`))
      .map(([, bytes]) => endOf(bytes));
    if (own.length > 0) ends.set(`product:${product}`, Math.min(...own));
  }
  return ends;
}

/** Of metadata whose signatures and form were checked before. */
function endOf(bytes: Uint8Array): number {
  const { signed } = JSON.parse(Buffer.from(bytes).toString()) as { signed: { expires: string } };
  return Date.parse(signed.expires);
}
