import { timeOf, XylemError } from '@xylem/core';
import { type RoleKeys, shortId } from '@xylem/trust';
import type { Api } from '../../api/client.ts';
import { defineCommand, list } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { type HeldKey, readKeyRing } from '../../publishing/key-ring.ts';
import { repositoryOf } from '../../publishing/key-roles.ts';
import { readVendor } from '../../publishing/vendor.ts';
import { environmentParams } from '../../selection/environments.ts';
import { endsOf, nameOf, warningOf } from './ends.ts';

interface RoleLine {
  readonly role: string;
  readonly environment: string | null;
  readonly threshold: number;
  readonly keys: readonly string[];
  /** Of those, what this person holds. */
  readonly held: readonly string[];
  readonly ends: string | null;
  readonly warning: string | null;
}

/** The keys of this machine are worth showing without a root server, or with one that shows this person no roles. */
const mayLack: ReadonlySet<string> = new Set([
  'E_NOT_LOGGED_IN',
  'E_PARENT_UNREACHABLE',
  'E_FORBIDDEN',
  'E_UNAUTHORISED',
]);

const custodies = {
  passphrase: 'file with passphrase',
  open: 'file without passphrase',
  command: 'command',
} as const;

export const command = defineCommand({
  about: `Roles of the release repository, who may sign them and until when they are valid, and the keys of ~/.xylem/keys.
HELD says how many of the keys that must sign are here. What the root server signs by itself is not warned about.`,
  options: { env: list('<environment>', "also the roles of this environment's direction; may be repeated") },
  example: 'xylem keys list --env acme/production',
  async run({ options, api, home, clock }) {
    const ring = await readKeyRing(home.keysFolder);
    let unknown: XylemError | null = null;
    const roles = await api()
      .then((server) => allRoles(server, options.env, ring, clock.now()))
      .catch((error: unknown) => {
        if (!(error instanceof XylemError) || !mayLack.has(error.code)) throw error;
        unknown = error;
        return [];
      });
    const keys = ring.map((one) => ({
      key: one.key?.keyId ?? one.shortId,
      what: one.what,
      custody: one.custody,
      file: one.path,
      signs: roles.filter(({ held }) => held.includes(one.shortId)).map(nameOf),
    }));
    const warnings = [
      ...roles.flatMap(({ warning }) => warning ?? []),
      ...(unknown === null
        ? []
        : [`Only keys of this machine are shown: ${(unknown as XylemError).message}`]),
    ];
    return {
      data: { roles, keys, warnings },
      text: () =>
        [
          tabulate(
            ['ROLE', 'HELD', 'VALID UNTIL', 'KEYS'],
            roles.map((one) => [
              nameOf(one),
              `${one.held.length} of ${one.threshold}`,
              one.ends ?? '-',
              one.keys.map(shortId).join(' '),
            ]),
            'No role could be read.',
          ),
          '',
          tabulate(
            ['KEY', 'MADE FOR', 'KEPT IN', 'SIGNS'],
            keys.map(({ key, what, custody, signs }) => [
              shortId(key),
              what,
              custodies[custody],
              signs.join(', ') || 'nothing',
            ]),
            `No key lies in ${home.keysFolder}.`,
          ),
          ...warnings,
        ].join('\n'),
    };
  },
});

async function allRoles(
  api: Api,
  environments: readonly string[],
  ring: readonly HeldKey[],
  nowMs: number,
): Promise<RoleLine[]> {
  const line = (
    role: string,
    environment: string | null,
    { keys, threshold = 1 }: RoleKeys,
    endsMs: number | null,
    isOnline: boolean,
  ): RoleLine => ({
    role,
    environment,
    threshold,
    keys: keys.map(({ keyId }) => keyId),
    held: keys.map(({ keyId }) => shortId(keyId)).filter((id) => ring.some((one) => one.shortId === id)),
    ends: endsMs === null ? null : timeOf(endsMs),
    warning: isOnline ? null : warningOf({ role, environment }, endsMs, nowMs),
  });
  const lines: RoleLine[] = [];
  const { products } = await readVendor(api);
  const known = (await api.call('productList', {})).products.map(({ product }) => product);
  const { trusted } = await readVendor(
    api,
    products.map(({ product }) => product).filter((one) => known.includes(one)),
  );
  const ends = endsOf(trusted);
  const { roles, expiresMs } = trusted.root;
  lines.push(
    line('root', null, roles.root, expiresMs, false),
    line('targets', null, roles.targets, ends.get('targets') ?? null, false),
    ...trusted.products.map((one) =>
      line(`product:${one.product}`, null, one, ends.get(`product:${one.product}`) ?? null, false),
    ),
    line('snapshot', null, roles.snapshot, null, true),
    line('timestamp', null, roles.timestamp, null, true),
  );
  for (const word of environments) {
    const params = await environmentParams(api, word);
    const name = `${params.tenant}/${params.environment}`;
    const { root } = await repositoryOf(api, word, []);
    const online = (await api.call('environmentKeys', { params })).ends;
    lines.push(line('root', name, root.roles.root, root.expiresMs, false));
    for (const role of ['director', 'snapshot', 'timestamp'] as const) {
      const until = online[role];
      const keys = root.roles[role === 'director' ? 'targets' : role];
      lines.push(line(role, name, keys, until === undefined ? null : Date.parse(until), true));
    }
  }
  return lines;
}
