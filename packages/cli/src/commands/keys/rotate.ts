import { fromB64u, XylemError } from '@xylem/core';
import { type Draft, draftChange, publicKeyOf, shortId } from '@xylem/trust';
import type { Api } from '../../api/client.ts';
import { defineCommand, list, type Outcome, text } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { carryOut, type Signing } from '../../publishing/carry-out.ts';
import {
  changeOf,
  editKeys,
  environmentParams,
  keyNamed,
  keysOfRole,
  type NamedRole,
  readPublicKeys,
  repositoryOf,
  roleNamed,
} from '../../publishing/key-roles.ts';
import { createKey } from '../../publishing/keys.ts';
import { checkServerDraft } from '../../publishing/server-draft.ts';
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
    const role = roleNamed(only(args));
    const server = await api();
    const given = { role, key: options.key, public: options.public };
    if (options.env !== undefined) return rotateDirection(invocation, server, given, options.env);
    if (role.word === 'snapshot' || role.word === 'timestamp') {
      return rotateOnline(invocation, server, given, role.word);
    }
    return rotateOffline(invocation, server, given);
  },
});

interface Given {
  readonly role: NamedRole;
  readonly key: string | undefined;
  readonly public: readonly string[];
}

/** A key of the vendor's, which this person or another holds. */
async function rotateOffline(invocation: Signing, api: Api, given: Given): Promise<Outcome> {
  const { role } = given;
  const trusted = await repositoryOf(api, undefined, role.product === null ? [] : [role.product]);
  const present = keysOfRole(trusted, role);
  const old = replaced(present.keys, given);
  const [successor, another] = await readPublicKeys(given.public);
  if (another !== undefined)
    throw new XylemError('E_INPUT', 'One key has one successor: give --public once.');
  const key =
    successor ?? (await createKey(invocation.home.keysFolder, role.product ?? role.word, { ask: true }));
  const keys = editKeys(role, present, { add: [key], remove: [old.keyId], threshold: undefined });
  const drafts = await draftChange(trusted, changeOf(role, keys), invocation.clock.now());
  const data = { role: role.word, key: key.keyId, replaced: old.keyId };
  const done = `${shortId(key.keyId)} signs ${role.word} from now on instead of ${shortId(old.keyId)}.`;
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

/** A key of the root server's for the release repository, named by the vendor's next root. */
async function rotateOnline(invocation: Signing, api: Api, given: Given, online: Online): Promise<Outcome> {
  const trusted = await repositoryOf(api, undefined, []);
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
  if (word === 'root' && isMine) return rotateOwnRoot(invocation, api, given, environment);
  const { base, metadata } = await api.call('environmentKeysNext', { params, body: { rotate: [word] } });
  const draft: Draft = { role: 'root', base, bytes: Buffer.from(metadata) };
  // Where the root server signs alone nobody is asked to; where a person does, no root key may slip in.
  const drafts = [
    isMine ? await checkServerDraft(trusted, draft, trusted.root.roles.root, invocation.clock) : draft,
  ];
  const done = `The root server signs ${environment} with a new ${word} key.`;
  return carryOut(invocation, api, { trusted, drafts, data: { role: word, environment } }, done);
}

/** The direction's root key is an operator's: so is its successor. */
async function rotateOwnRoot(
  invocation: Signing,
  api: Api,
  given: Given,
  environment: string,
): Promise<Outcome> {
  const trusted = await repositoryOf(api, environment, []);
  const present = keysOfRole(trusted, given.role);
  const old = replaced(present.keys, given);
  const [successor] = await readPublicKeys(given.public);
  const what = `${environment} root`;
  const key = successor ?? (await createKey(invocation.home.keysFolder, what, { ask: true }));
  const keys = editKeys(given.role, present, { add: [key], remove: [old.keyId], threshold: undefined });
  const drafts = await draftChange(trusted, changeOf(given.role, keys), invocation.clock.now());
  const data = { role: 'root', environment, key: key.keyId, replaced: old.keyId };
  const done = `${shortId(key.keyId)} is the root key of ${environment} from now on.`;
  return carryOut(invocation, api, { trusted, drafts, data }, done);
}
