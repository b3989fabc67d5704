import type { Operation } from '../../../api/contract.ts';
import { type Decision, list, ofEnvironment, onlyInstallation, own } from '../decide.ts';

/** The installation itself. */
export const ofInstallation = {
  whoami: [own],
  rootInfo: [own],
  storeCollect: [onlyInstallation('administer', () => ({ body: { dryRun: true } }))],
  backupCreate: [onlyInstallation('administer', () => ({ body: { out: '/' } }))],
  restored: [onlyInstallation('read')],
  fourEyesShow: [own],
  fourEyesSet: [onlyInstallation('administer', () => ({ body: { on: false } }))],
  restoreConfirm: [onlyInstallation('administer', () => ({ body: { keep: 'hosts' } }))],
  auditList: [list('administer'), ofEnvironment('administer')],
  auditCheckpoint: [onlyInstallation('administer')],
} satisfies Partial<Record<Operation, readonly Decision[]>>;
