import { timeOf, toB64u, XylemError } from '@xylem/core';
import { createBackup } from '../../backup/create.ts';
import { restoredDifference } from '../../backup/difference.ts';
import type { Root } from '../../root.ts';
import { stateFormat } from '../../state/folder.ts';
import { collectStore } from '../../store-gc/collect.ts';
import { version } from '../../version.ts';
import type { Handlers } from '../handlers.ts';
import { refuseRestored } from './deployments.ts';
import { confirmTogether } from './four-eyes.ts';

type Own = 'rootInfo' | 'backupCreate' | 'storeCollect' | 'restored' | 'restoreConfirm';

export function rootHandlers(root: Root): Pick<Handlers, Own> {
  const { db, config, authority } = root;
  return {
    rootInfo: async ({ who: { access } }) => ({
      version,
      stateFormat,
      database: config.database.kind,
      releaseRepository: config.releaseRepository,
      tenants: (await db.selectFrom('tenants').select('tenant').orderBy('tenant').execute())
        .map((row) => row.tenant)
        .filter((tenant) => access.reaches(tenant)),
      nodesUrl: root.nodesUrl(),
      pin: Buffer.from(authority.pin).toString('base64url'),
      ca: authority.certificatePem,
      audit: {
        key: toB64u(root.audit.key),
        fault: access.everywhere('administer') ? root.audit.fault() : null,
      },
      started: timeOf(root.startedMs),
      restored: root.restored.isRestored(),
    }),
    backupCreate: async ({ body, who, isLocal }) => {
      if (!isLocal) {
        throw new XylemError(
          'E_FORBIDDEN',
          "A backup is written on the root server's machine: ask its loopback address.",
        );
      }
      // What the database names as of one moment must still be there when the folder is read.
      return await root.contents.within(() => createBackup(root, body.out, who.name));
    },
    storeCollect: async ({ body, who }) => {
      await refuseRestored(root);
      const { dryRun = false, keptDays = 7 } = body;
      return await collectStore(root, { isDryRun: dryRun, keptMs: keptDays * 86_400_000, who: who.name });
    },
    restored: () => restoredDifference(root),
    restoreConfirm: ({ body, who }) => confirmTogether(root, body, who),
  };
}
