import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type JsonSchema,
  packageSchema,
  port,
  type Schema,
  type Static,
  shape,
  XylemError,
} from '@xylem/core';
import { readYaml } from './yaml.ts';

export const manifestName = 'xylem.yaml';

type Parts = Readonly<Record<string, JsonSchema>>;
const parts = packageSchema.properties as Parts;
const part = (name: string): Schema<string> => parts[name] as Schema<string>;
/** What documents read leniently, people must write exactly. */
const closed = <S extends JsonSchema>(schema: S): S => ({ ...schema, additionalProperties: false });

const folder = shape.string({
  title: 'a folder below the one of this file, as in "dist"',
  pattern: '^(?!/)(?!.*\\.\\.(/|$))[^\\0]+$',
  maxLength: 4096,
});
const variantParts = ((parts.variants as { items: JsonSchema }).items as { properties: Parts }).properties;

/** What `xylem.yaml` may say. */
export const manifestSchema = shape.closedObject(
  {
    product: part('product'),
    component: part('component'),
    version: part('version'),
    kind: shape.oneOf('files', 'service'),
  },
  {
    folder,
    exclude: shape.array(
      shape.string({ minLength: 1, maxLength: 4096, title: 'a pattern such as "*.log"' }),
      { maxItems: 1000 },
    ),
    variants: shape.array(
      shape.closedObject(
        { folder },
        { os: variantParts.os as Schema<string>, arch: variantParts.arch as Schema<string> },
      ),
      { minItems: 1, maxItems: 100 },
    ),
    service: closed(parts.service as Schema<NonNullable<Static<typeof packageSchema>['service']>>),
    health: closed(parts.health as Schema<NonNullable<Static<typeof packageSchema>['health']>>),
    ports: shape.array(port as Schema<number | string>, { maxItems: 1000 }),
    config: shape.closedObject({}, { schema: shape.anyObject(), defaults: shape.anyObject() }),
    requires: parts.requires as Schema<Readonly<Record<string, string>>>,
  },
);
export type Manifest = Static<typeof manifestSchema>;

/** @throws XylemError E_INPUT naming file, line, key and what would be right */
export async function readManifest(inFolder: string): Promise<Manifest> {
  const file = join(inFolder, manifestName);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new XylemError('E_INPUT', `${file} can't be read: ${(error as Error).message}`, { cause: error });
    }
    throw new XylemError(
      'E_INPUT',
      `${inFolder} holds no ${manifestName}. \`xylem package init ${inFolder}\` writes a first one.`,
    );
  }
  const manifest = readYaml(text, file, manifestSchema) as Manifest;
  if (manifest.folder !== undefined && manifest.variants !== undefined) {
    throw new XylemError(
      'E_INPUT',
      `${file}: folder and variants exclude each other: each variant names its own folder.`,
    );
  }
  return manifest;
}
