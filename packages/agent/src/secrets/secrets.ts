import { join } from 'node:path';
import {
  checkOpened,
  type HostMapEntry,
  type RecipientStatement,
  type Sealed,
  sealedIn,
  XylemError,
} from '@xylem/core';
import type { Log } from '@xylem/platform';
import { type AgeIdentity, hostAgeIdentity, type Identity, openValue, unwrapDataKey } from '@xylem/trust';
import type { Placed } from '../slot/placed.ts';
import { dataKeysFile, type WrappedKeys, withKey } from './data-keys.ts';
import { recipientStatement } from './statement.ts';

/** Opened values of one package's configuration, by key. Held as long as a step takes, and never written. */
export type OpenedValues = ReadonlyMap<string, string>;

/** What of this host's secrets the steps need. */
export interface OpensSecrets {
  /**
   * The sealed values of a package's configuration; none where none is sealed, without loading anything.
   * @throws XylemError E_SECRET_WAITS, E_SECRET_INVALID, E_CONFIG_INVALID
   */
  open(placed: Placed): Promise<OpenedValues>;
}

export interface HostSecrets extends OpensSecrets {
  /** For reports: whom data keys are to be wrapped for. */
  readonly statement: RecipientStatement;
}

export interface HostSecretsOptions {
  readonly identity: Identity;
  readonly folder: string;
  /** The host map's, of the accepted direction. */
  readonly wrapped: () => HostMapEntry['keys'];
  readonly log: Log;
}

/** Makes this host's age identity at first; opens what is sealed for this environment. */
export async function hostSecrets(options: HostSecretsOptions): Promise<HostSecrets> {
  const { identity, folder, log } = options;
  const { host, environment } = identity;
  const place = { host, environment: environment.id };
  const own = await hostAgeIdentity(folder, log);
  const file = dataKeysFile(join(folder, 'data-keys.json'), log);
  let kept: WrappedKeys | null = null;

  const keptKeys = async (): Promise<WrappedKeys> => {
    const found = await file.read();
    return found?.environment === environment.id ? found.keys : {};
  };

  /** By the host map's key, else by one that was given before: a former version's values may be older than a rotation. */
  const dataKey = async (generation: number): Promise<AgeIdentity | null> => {
    kept ??= await keptKeys();
    const given = options.wrapped()?.[String(generation)];
    for (const wrapped of new Set([given, kept[String(generation)]])) {
      if (wrapped === undefined) continue;
      const data = await unwrapDataKey({ ...place, generation }, wrapped, own);
      if (data === null) continue;
      if (kept[String(generation)] !== wrapped) {
        kept = withKey(kept, generation, wrapped);
        await file.write({ environment: environment.id, keys: kept });
      }
      return data;
    }
    return null;
  };

  const openAll = async (component: string, sealed: ReadonlyMap<string, Sealed>): Promise<OpenedValues> => {
    const opened = new Map<string, string>();
    for (const [key, value] of sealed) {
      const data = await dataKey(value.generation);
      if (data === null) throw waits(component, key, value, environment.name);
      opened.set(key, await openValue({ environment: environment.id, component, key }, value, data));
    }
    return opened;
  };

  return {
    statement: await recipientStatement(identity, own.recipient, folder, log),
    open: async ({ component, config, document }) => {
      const sealed = sealedIn(config);
      if (sealed.size === 0) return new Map();
      const opened = await openAll(component, sealed);
      checkOpened(document, { ...config, ...Object.fromEntries(opened) }, new Set(opened.keys()));
      return opened;
    },
  };
}

function waits(component: string, key: string, sealed: Sealed, environment: string): XylemError {
  const { generation, holder } = sealed;
  return new XylemError(
    'E_SECRET_WAITS',
    `${component} waits for ${key}: this host has no key of generation ${generation} yet. ${holder} holds it: xylem secret wrap ${environment}.`,
    { details: { component, key, generation, holder } },
  );
}
