import { isMap, parseDocument } from 'yaml';

/** The YAML of a new environment: it teaches what can stand there. */
export function firstYaml(name: string): string {
  return `environment: ${name}

# What runs here: each product, and which of its components go to which hosts (none named: all to all).
# products:
#   shop:
#     channel: stable             # follow a channel; or  release: 2.4.0; or neither: \`xylem deploy\` decides
#     components:
#       shop-api:
#         where: role = api       # a selector over labels
#         config: { port: 8080 }  # under the package's schema
products: {}
`;
}

/**
 * The YAML with a product in it, comments and order kept. A product that it pins to one release is pinned to the new
 * one; without a version (an undeploy) the pin goes.
 */
export function withProduct(yaml: string, product: string, version: string | null): string {
  const document = parseDocument(yaml);
  const mapping = document.getIn(['products', product], true);
  if (mapping === undefined) {
    if (version === null) return yaml;
    const products = document.get('products', true);
    // `{}` is written in one line; what is added to it should not be.
    if (isMap(products)) products.flow = false;
    document.setIn(['products', product], document.createNode({}));
    return document.toString();
  }
  const release = document.getIn(['products', product, 'release']);
  if (release === undefined || release === version) return yaml;
  if (version === null) document.deleteIn(['products', product, 'release']);
  else document.setIn(['products', product, 'release'], version);
  return document.toString();
}

export interface ComponentMap {
  readonly component: string;
  readonly where: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** The YAML with a product that it does not map yet, mapped component by component; one that it maps stays as it is. */
export function withComponents(yaml: string, product: string, components: readonly ComponentMap[]): string {
  const document = parseDocument(yaml);
  if (document.getIn(['products', product], true) !== undefined) return yaml;
  const products = document.get('products', true);
  if (isMap(products)) products.flow = false;
  const mapping = Object.fromEntries(
    components.map(({ component, where, config = {} }) => [
      component,
      { where, ...(Object.keys(config).length > 0 ? { config } : {}) },
    ]),
  );
  document.setIn(['products', product], document.createNode({ components: mapping }));
  return document.toString();
}
