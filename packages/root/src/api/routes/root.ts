import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

/** Backup and restore of the root server. */
export const rootRoutes = {
  backupCreate: {
    method: 'POST',
    path: '/root/backup',
    needs: { permission: 'administer', where: 'installation' },
    body: s.BackupCreate,
    response: s.BackupCreated,
    summary: 'Write a backup to a folder of the root server',
  },
  storeCollect: {
    method: 'POST',
    path: '/root/store/gc',
    needs: { permission: 'administer', where: 'installation' },
    body: s.StoreCollect,
    response: s.StoreCollected,
    summary: 'Remove content of retired releases that no host runs, and what broken-off publishing left',
  },
  restored: {
    method: 'GET',
    path: '/root/restored',
    needs: { permission: 'read', where: 'installation' },
    response: s.Restored,
    summary: 'After a restore: what the tree says beside what the backup says',
  },
  restoreConfirm: {
    method: 'POST',
    path: '/root/restored/confirm',
    needs: { permission: 'administer', where: 'installation' },
    body: s.RestoreConfirm,
    response: s.RestoreConfirmed,
    summary: 'Confirm the difference and go on',
  },
  fourEyesShow: {
    method: 'GET',
    path: '/root/four-eyes',
    needs: { where: 'own' },
    response: s.FourEyes,
    summary: 'Whether the four-eyes rule is on',
  },
  fourEyesSet: {
    method: 'PUT',
    path: '/root/four-eyes',
    needs: { permission: 'administer', where: 'installation' },
    body: s.FourEyesSet,
    response: s.FourEyes,
    summary: 'Switch the four-eyes rule on, or off when two people say so',
  },
} as const satisfies Record<string, RouteContract>;
