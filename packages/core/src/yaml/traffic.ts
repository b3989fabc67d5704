import type { ProductMapping } from '../environment/spec.ts';

/** What of products' traffic no schema can say: two groups, a component that is there, one switch to a key. */
export function refuseBadTraffic(
  products: Readonly<Record<string, ProductMapping>>,
  refuse: (path: readonly string[], what: string) => never,
): void {
  const keys = new Map<string, string>();
  for (const [product, { traffic }] of Object.entries(products)) {
    if (traffic === undefined) continue;
    const path = ['products', product, 'traffic'];
    const { component, key, groups } = traffic;
    if (groups[0] === groups[1]) refuse([...path, 'groups'], 'expected two different groups');
    const isThere = Object.values(products).some(
      ({ components }) => components === undefined || Object.hasOwn(components, component),
    );
    if (!isThere)
      refuse(
        [...path, 'component'],
        `expected a component of this environment: no product maps ${component}`,
      );
    const other = keys.get(`${component} ${key}`);
    if (other !== undefined)
      refuse(
        [...path, 'key'],
        `expected another key: ${key} of ${component} is the switch of ${other} already`,
      );
    keys.set(`${component} ${key}`, product);
  }
}
