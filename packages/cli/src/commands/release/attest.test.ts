import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Release } from '@xylem/root/contract';
import { tempFolder } from '@xylem/testkit';
import { rootHere } from '../../testing/root-here.ts';

const slsa = 'https://slsa.dev/provenance/v1';
const builder = 'https://ci.example/builder';

test('a release without the statements that a policy demands is refused before anything moves', {
  timeout: 120_000,
}, async (t) => {
  const root = await rootHere(t);
  const folder = await tempFolder(t, 'attest');
  const at = (name: string): string => join(folder, name);
  const json = async <T>(line: string): Promise<T> => {
    const said = await root.xylem([...line.split(' '), '--json']);
    if (said.code !== 0) throw new Error(`${said.code} ${said.stderr} ${said.stdout}`);
    return JSON.parse(said.stdout) as T;
  };
  const key = (name: string): string => {
    execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', at(name)]);
    return execFileSync('openssl', ['pkey', '-in', at(name), '-pubout']).toString();
  };
  /** A builder that knows nothing of Xylem: openssl signs what DSSE says. */
  const statement = (by: string, about: string, builtBy = builder): string => {
    const payload = JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'shop', digest: { sha256: about } }],
      predicateType: slsa,
      predicate: { runDetails: { builder: { id: builtBy } } },
    });
    const payloadType = 'application/vnd.in-toto+json';
    writeFileSync(at('pae'), `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} ${payload}`);
    const words = ['pkeyutl', '-sign', '-rawin', '-inkey', at(by), '-in', at('pae')];
    const sig = execFileSync('openssl', words).toString('base64');
    const envelope = { payloadType, payload: btoa(payload), signatures: [{ keyid: by, sig }] };
    const file = at(`${by}-${about.slice(0, 8)}-${builtBy.length}.json`);
    writeFileSync(file, JSON.stringify(envelope));
    return file;
  };
  const publish = async (version: string, ...words: string[]): Promise<string> => {
    mkdirSync(at('tree'), { recursive: true });
    writeFileSync(join(at('tree'), 'page'), version);
    writeFileSync(at('xylem.yaml'), `product: shop\ncomponent: pages\nversion: ${version}\nfolder: tree\n`);
    return (await json<{ package: string }>(['package publish', folder, ...words].join(' '))).package;
  };
  const release = async (version: string): Promise<string> =>
    (await json<{ release: string }>(`release create shop@${version} --with pages@${version}`)).release;
  const deploy = (version: string): Promise<unknown> =>
    json(`deploy shop@${version} --to acme/production --yes`);
  const yaml = (pem: string, product: string): string => {
    const key = pem.trimEnd().replaceAll('\n', '\n            ');
    return `environment: acme/production
products:
  shop: { ${product} }
policy:
  provenance:
    require:
      - predicateType: ${slsa}
        builder: ${builder}
        key: |
            ${key}
`;
  };

  const ci = key('ci');
  key('stranger');
  await publish('1.0.0');
  const first = await release('1.0.0');
  const rsa = execFileSync('openssl', ['genpkey', '-algorithm', 'RSA', '-out', at('rsa')], { stdio: 'pipe' });
  assert.ok(rsa);
  const rsaPublic = execFileSync('openssl', ['pkey', '-in', at('rsa'), '-pubout']).toString();
  writeFileSync(at('bad.yaml'), yaml(rsaPublic, ''));
  await assert.rejects(
    json(`env create acme/production --file ${at('bad.yaml')}`),
    /E_INPUT.*require.*key.*Ed25519/,
  );
  writeFileSync(at('good.yaml'), yaml(ci, ''));
  await json(`env create acme/production --file ${at('good.yaml')}`);

  await assert.rejects(
    deploy('1.0.0'),
    /E_EVIDENCE.*slsa\.dev\/provenance\/v1 about shop@1\.0\.0.*there is none/,
  );
  await json(`release attest shop@1.0.0 ${statement('stranger', first)}`);
  await assert.rejects(deploy('1.0.0'), /E_EVIDENCE.*signed by another key/);
  await json(`release attest shop@1.0.0 ${statement('ci', first, 'https://laptop.example')}`);
  await assert.rejects(deploy('1.0.0'), /E_EVIDENCE.*its builder is https:\/\/laptop\.example/);
  await assert.rejects(
    json(`release attest shop@1.0.0 ${statement('ci', 'f'.repeat(64))}`),
    /E_INPUT.*is not about shop@1\.0\.0/,
  );
  // To save a YAML that names it would begin the same deployment.
  writeFileSync(at('pinned.yaml'), yaml(ci, 'release: 1.0.0'));
  await assert.rejects(json(`env apply acme/production --file ${at('pinned.yaml')}`), /E_EVIDENCE/);
  const { deployments } = await json<{ deployments: unknown[] }>('deployment list');
  assert.equal(deployments.length, 0, 'nothing moved');

  const good = statement('ci', first);
  assert.equal((await json<{ added: number }>(`release attest shop@1.0.0 ${good}`)).added, 1);
  assert.equal((await json<{ added: number }>(`release attest shop@1.0.0 ${good}`)).added, 0, 'once');
  await deploy('1.0.0');
  const shown = await json<Release & { evidence: { builder: string; keyids: string[] }[] }>(
    'release show shop@1.0.0',
  );
  assert.deepEqual(shown.evidence.map(({ keyids }) => keyids[0] ?? '').toSorted(), ['ci', 'ci', 'stranger']);

  // A package's statement counts for its release; an environment that follows a channel waits for it and goes on.
  const digest = await publish('2.0.0');
  await release('2.0.0');
  await json('channel set shop/stable 1.0.0');
  writeFileSync(at('channel.yaml'), yaml(ci, 'channel: stable'));
  await json(`env apply acme/production --file ${at('channel.yaml')}`);
  await json('channel set shop/stable 2.0.0');
  const newest = async (): Promise<string> =>
    JSON.stringify((await json<{ deployments: unknown[] }>('deployment list')).deployments[0]);
  assert.match(await newest(), /1\.0\.0/);
  await publish('2.0.0', '--attest', statement('ci', digest));
  assert.match(await newest(), /2\.0\.0/);

  const db = new DatabaseSync(join(root.folder, 'root.db'));
  t.after(() => db.close());
  assert.throws(() => db.exec('delete from evidence'), /append-only/);
  assert.throws(() => db.exec("update evidence set added_by = 'x'"), /append-only/);
  const { entries } = await json<{ entries: { what: string }[] }>('audit list --limit 1000');
  assert.equal(entries.filter(({ what }) => what === 'evidence.add').length, 4);
});
