import { configFor, type PackageDocument, XylemError } from '@xylem/core';
import { yamlFault } from '@xylem/core/yaml';

/**
 * Configuration that a YAML gives a component must fit its package.
 * @throws XylemError E_CONFIG_INVALID at its place in the YAML
 */
export function refuseMisfitAt(
  { yaml, name }: { readonly yaml: string; readonly name: string },
  document: PackageDocument,
  config: Readonly<Record<string, unknown>>,
): void {
  try {
    configFor(document, config);
  } catch (error) {
    if (!(error instanceof XylemError) || error.code !== 'E_CONFIG_INVALID') throw error;
    const { product, component } = document;
    const at = ['products', product, 'components', component, 'config'];
    const { message, details } = yamlFault(yaml, name, at, error.message.replace(/\.$/, ''));
    throw new XylemError('E_CONFIG_INVALID', message, { cause: error, details });
  }
}
