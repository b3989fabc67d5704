import { lstat, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  belowData,
  type Digest,
  filesDefaults,
  type InstalledFile,
  isSealed,
  renderedPath,
  sha256,
  XylemError,
} from '@xylem/core';
import type { OpenedValues } from '../../secrets/secrets.ts';
import type { Placed } from '../../slot/placed.ts';
import type { DriverTools } from '../driver.ts';
import { accountNumber } from './accounts.ts';
import { loadTemplates, type TemplateValues } from './template.ts';

/** A file as it should stand on this host. */
export interface RenderedFile {
  /** Absolute. */
  readonly to: string;
  /** Below `${rendered}`. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** A sealed value is part of it. */
  readonly isSealed: boolean;
}

const maxBytes = 16 * 1024 * 1024;

/**
 * All files that a package installs, by its tree and its configuration; nothing is written.
 * @throws XylemError E_TEMPLATE, E_FILE_DENIED for an owner that this host does not know, E_PACKAGE_INVALID
 */
export async function renderFiles(placed: Placed, tools: DriverTools): Promise<RenderedFile[]> {
  const { files } = placed.document;
  if (files === undefined) return [];
  const opened = await tools.secrets.open(placed);
  const rendered: RenderedFile[] = [];
  for (const file of files.install) rendered.push(await renderFile(file, placed, opened, tools));
  return rendered;
}

/** Where a file goes on this host. Pure. */
function targetOf(
  file: InstalledFile,
  { component }: Placed,
  { layout }: Pick<DriverTools, 'layout'>,
): string {
  const own = belowData(file.to);
  return own === null ? file.to : join(layout.component(component).data, own);
}

async function renderFile(
  file: InstalledFile,
  placed: Placed,
  opened: OpenedValues,
  tools: DriverTools,
): Promise<RenderedFile> {
  const source = await readSource(file.from, placed, tools);
  let sealed = false;
  const values = valuesOf(placed, opened, tools, () => {
    sealed = true;
  });
  const bytes = file.template === true ? await fill(file.from, source, values) : source;
  const mode = modeOf(file, sealed);
  return {
    to: targetOf(file, placed, tools),
    name: renderedPath(file),
    bytes,
    digest: sha256(bytes),
    mode,
    uid: file.owner === undefined ? (process.geteuid?.() ?? 0) : await accountNumber('user', file.owner),
    gid: file.group === undefined ? (process.getegid?.() ?? 0) : await accountNumber('group', file.group),
    isSealed: sealed,
  };
}

async function fill(from: string, source: Uint8Array, values: TemplateValues): Promise<Uint8Array> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(source);
  } catch {
    throw new XylemError('E_TEMPLATE', `${from} is not UTF-8, so it can't be a template.`);
  }
  return new TextEncoder().encode((await loadTemplates()).fill(from, text, values));
}

/** @param openedOne a sealed value was asked for */
function valuesOf(
  placed: Placed,
  opened: OpenedValues,
  { layout }: DriverTools,
  openedOne: () => void,
): TemplateValues {
  const own = layout.component(placed.component);
  const config: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(placed.config)) {
    const get = (): unknown => {
      if (!isSealed(value)) return value;
      openedOne();
      return opened.get(key);
    };
    Object.defineProperty(config, key, { get, enumerable: true });
  }
  const { component, version, host } = placed;
  return {
    config,
    component,
    version,
    data: own.data,
    tree: own.tree(placed.tree),
    ...(host === undefined ? {} : { host }),
  };
}

/** A file that holds a sealed value gives others nothing. */
function modeOf({ from, mode }: InstalledFile, sealed: boolean): number {
  const number = Number.parseInt(mode ?? (sealed ? filesDefaults.sealedMode : filesDefaults.mode), 8);
  if (!sealed || (number & 0o007) === 0) return number;
  throw new XylemError(
    'E_TEMPLATE',
    `${from}: a sealed value is part of it, and its mode ${mode} lets everybody read it; give it a mode like "0640".`,
  );
}

async function readSource(from: string, placed: Placed, { layout }: DriverTools): Promise<Uint8Array> {
  const tree = layout.component(placed.component).tree(placed.tree);
  const path = join(tree, from);
  const invalid = (why: string): XylemError =>
    new XylemError(
      'E_PACKAGE_INVALID',
      `${placed.component} ${placed.version} installs ${from}, and ${why}.`,
    );
  for (let folder = dirname(path); folder.length > tree.length; folder = dirname(folder)) {
    const found = await lstat(folder).catch(() => null);
    if (found !== null && !found.isDirectory()) throw invalid('its folder in the tree is none');
  }
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') throw invalid('its tree has no such file');
    throw error;
  });
  if (!found.isFile()) throw invalid('it is no file');
  if (found.size > maxBytes) throw invalid(`it has more than ${maxBytes} bytes`);
  return await readFile(path);
}
