/** A placed package as the state folder holds it. */
export function examplePlaced(): Record<string, unknown> {
  const tree = 'a'.repeat(64);
  return {
    component: 'web',
    product: 'shop',
    kind: 'service',
    release: 'b'.repeat(64),
    package: 'c'.repeat(64),
    version: '1.0.0',
    deployment: null,
    domain: 'd'.repeat(32),
    tree,
    sizeBytes: 1,
    after: [],
    config: { port: 80 },
    document: {
      format: 'xylem-package-1',
      product: 'shop',
      component: 'web',
      version: '1.0.0',
      kind: 'service',
      variants: [{ tree, sizeBytes: 1 }],
      service: { command: ['/bin/true'] },
    },
  };
}
