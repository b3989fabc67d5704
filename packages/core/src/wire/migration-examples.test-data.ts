/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
import { digest, type Example, example, host, report, treeDigest } from './example-parts.test-data.ts';
import * as wire from './index.ts';

/** Of docs/spec/migrations.md. */
export const migrationExamples: Readonly<Record<string, Example>> = {
  'package-migrations': example(
    {
      format: 'xylem-package-2',
      needs: ['migrations'],
      product: 'shop',
      component: 'shop-db',
      version: '2.4.0',
      kind: 'files',
      variants: [{ tree: treeDigest, sizeBytes: 150_008 }],
      configDefaults: { database: 'shop' },
      migrations: {
        database: 'shop',
        accepts: { from: 3, to: 5 },
        steps: [
          {
            to: 4,
            phase: 'expand',
            command: ['${node}', 'migrate.mjs', '4.sql'],
            fence: 'transaction',
            undo: { command: ['${node}', 'migrate.mjs', '4-undo.sql'] },
          },
          { to: 5, phase: 'contract', command: ['bin/contract'], fence: 'idempotent', timeoutMs: 60_000 },
        ],
        backup: { command: ['bin/backup', '${config.database}'], timeoutMs: 3_600_000 },
        restore: { command: ['bin/restore'] },
      },
    },
    wire.parsePackage,
    wire.encodePackage,
  ),
  'host-map-leaf-migrate': example(
    {
      format: 'xylem-hostmap-1',
      hosts: {
        [host]: {
          labels: {},
          migrate: [
            {
              database: 'shop',
              term: 7,
              action: 'run',
              to: 4,
              phase: 'expand',
              product: 'shop',
              component: 'shop-db',
              release: digest('release'),
              package: digest('package 2'),
              version: '2.4.0',
            },
            {
              database: 'stock',
              term: 3,
              action: 'restore',
              to: 5,
              product: 'shop',
              component: 'stock-db',
              release: digest('release'),
              package: digest('package 3'),
              version: '2.4.0',
              backup: { term: 2, digest: digest('backup') },
            },
          ],
        },
      },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'report-migrations': example(
    {
      ...report,
      migrations: [
        {
          database: 'shop',
          term: 7,
          action: 'run',
          to: 6,
          state: 'running',
          begun: true,
          attempt: 2,
          since: '2026-11-21T03:28:06Z',
          checkpoint: '510000',
          backup: {
            path: '/var/lib/xylem/host/migrations/shop/backups/7',
            digest: digest('backup'),
            sizeBytes: 1_048_576,
            time: '2026-11-21T03:28:06Z',
          },
        },
        {
          database: 'stock',
          term: 1,
          action: 'undo',
          to: 0,
          state: 'failed',
          begun: false,
          attempt: 1,
          since: '2026-11-21T03:28:06Z',
          code: 'E_MIGRATION_FAILED',
          message: 'It ended with 1.',
        },
      ],
    },
    wire.parseReport,
    wire.encodeReport,
  ),
};
