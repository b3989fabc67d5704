import { fromB64u, XylemError } from '@xylem/core';
import { type Draft, draftChange, publicKeyOf, shortId } from '@xylem/trust';
import type { Api } from '../../api/client.ts';
import { defineCommand, list, type Outcome, text } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { carryOut, requireReady, type Signing } from '../../publishing/carry-out.ts';
import {
  changeOf,
  editKeys,
  keyNamed,
  keysOfRole,
  type NamedRole,
  readPublicKeys,
  repositoryOf,
  roleNamed,
} from '../../publishing/key-roles.ts';
import { createKey } from '../../publishing/keys.ts';
import { requireFree } from '../../publishing/out-file.ts';
import { checkServerDraft } from '../../publishing/server-draft.ts';
import { environmentParams } from '../../selection/environments.ts';
import { changeOptions } from './shared.ts';

type Online = 'snapshot' | 'timestamp';

export const command = defineCommand({
  arguments: '<role>',
  about: `Replaces a key by a new one; all that it vouched for is vouched for by its successor. A stolen key is revoked:
\`xylem keys revoke\`. ROLE is root, targets, product:NAME, snapshot or timestamp, or with --env root, director, snapshot
or timestamp.`,
  options: {
    key: text('<keyid>', 'which of several keys of the role is replaced'),
    public: list('<file>', 'the successor, if it lies elsewhere'),
    ...changeOptions,
  },
  example: 'xylem keys rotate director --env acme/production',
  async run(invocation) {
    const { args, options, api } = invocation;
    await requireFree(options.out);
    const role = roleNamed(only(args));
    const server = await api();
    const given = { role, key: options.key, public: options.public };
    if (options.env !== undefined) return rotateDirection(invocation, server, given, options.env);
    if (role.word === 'snapshot' || role.word === 'timestamp') {
      return rotateOnline(invocation, server, given, role.word);
    }
    return rotateHeld(invocation, server, given);
  },
});

interface Given {
  readonly role: NamedRole;
  readonly key: string | undefined;
  readonly public: readonly string[];
}

/** A key that this person or another holds: the vendor's, or an environment's root key that an operator took. */
async function rotateHeld(
  invocation: Signing,
  api: Api,
  given: Given,
  environment?: string,
): Promise<Outcome> {
  const { role } = given;
  const trusted = await repositoryOf(api, environment, role.product === null ? [] : [role.product]);
  const present = keysOfRole(trusted, role);
  const old = replaced(present.keys, given);
  const [successor, another] = await readPublicKeys(given.public);
  if (another !== undefined)
    throw new XylemError('E_INPUT', 'One key has one successor: give --public once.');
  const what = environment === undefined ? (role.product ?? role.word) : `${environment} ${role.word}`;
  const key = successor ?? (await createKey(invocation.home.keysFolder, what, { ask: true }));
  const keys = editKeys(role, present, { add: [key], remove: [old.keyId], threshold: undefined });
  const drafts = await draftChange(trusted, changeOf(role, keys), invocation.clock.now());
  const where = environment === undefined ? {} : { environment };
  const data = { role: role.word, ...where, key: key.keyId, replaced: old.keyId };
  const of = environment === undefined ? role.word : `the ${role.word} of ${environment}`;
  const done = `${shortId(key.keyId)} signs ${of} from now on instead of ${shortId(old.keyId)}.`;
  return carryOut(invocation, api, { trusted, drafts, data }, done);
}

function replaced(keys: Parameters<typeof keyNamed>[0], { role, key }: Given): (typeof keys)[number] {
  const [first, second] = keys;
  if (key !== undefined) return keyNamed(keys, key, role.word);
  if (first !== undefined && second === undefined) return first;
  throw new XylemError(
    'E_INPUT',
    `${role.word} has ${keys.length} keys: say with --key which one is replaced.`,
  );
}

/** @throws XylemError E_INPUT: what would not be heeded is not taken */
function refuseChoice({ key, public: files }: Given, instead: string): void {
  if (key === undefined && files.length === 0) return;
  throw new XylemError(
    'E_INPUT',
    `The root server makes this key itself: leave out --key and --public.${instead}`,
  );
}

/** A key of the root server's for the release repository, named by the vendor's next root. */
async function rotateOnline(invocation: Signing, api: Api, given: Given, online: Online): Promise<Outcome> {
  refuseChoice(given, '');
  const trusted = await repositoryOf(api, undefined, []);
  await requireReady(invocation, trusted.root.roles.root);
  const { keys } = await api.call('releaseKeysAdd', { body: { roles: [online] } });
  const made = keys.map((one) => publicKeyOf(fromB64u(one.public)));
  const drafts = await draftChange(trusted, changeOf(given.role, { keys: made }), invocation.clock.now());
  const data = { role: online, key: made[0]?.keyId };
  return carryOut(
    invocation,
    api,
    { trusted, drafts, data },
    `The root server signs ${online} with a new key.`,
  );
}

/** A key of an environment: the root server makes it and, where it holds the direction's root key, signs for it. */
async function rotateDirection(
  invocation: Signing,
  api: Api,
  given: Given,
  environment: string,
): Promise<Outcome> {
  const { word } = given.role;
  if (word !== 'root' && word !== 'director' && word !== 'snapshot' && word !== 'timestamp') {
    throw new XylemError(
      'E_INPUT',
      `An environment has no role ${word}. Write root, director, snapshot or timestamp.`,
    );
  }
  const params = await environmentParams(api, environment);
  const trusted = await repositoryOf(api, environment, []);
  const held = (await api.call('environmentKeys', { params })).held;
  const isMine = !trusted.root.roles.root.keys.some(({ keyId }) => held.includes(keyId));
  if (word === 'root' && isMine) return rotateHeld(invocation, api, given, environment);
  const own =
    word === 'root' ? ` \`xylem keys take-root --env ${environment}\` makes yours the root key.` : '';
  refuseChoice(given, own);
  await requireReady(invocation, isMine ? trusted.root.roles.root : null);
  const { base, metadata } = await api.call('environmentKeysNext', { params, body: { rotate: [word] } });
  const draft: Draft = { role: 'root', base, bytes: Buffer.from(metadata) };
  // Where the root server signs alone nobody is asked to; where a person does, no root key may slip in.
  const drafts = [
    isMine ? await checkServerDraft(trusted, draft, trusted.root.roles.root, invocation.clock) : draft,
  ];
  const done = `The root server signs ${environment} with a new ${word} key.`;
  return carryOut(invocation, api, { trusted, drafts, data: { role: word, environment } }, done);
}
