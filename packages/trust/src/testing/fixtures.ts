import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import {
  type Digest,
  type EnvironmentId,
  type HostId,
  jcsBytes,
  jointOver,
  sha256,
  type Time,
  timeOf,
  type Version,
} from '@xylem/core';
import { formatTime, type Randomness } from '@xylem/platform';
import { CertificateAuthority } from '../ca/authority.ts';
import { buildJoinAnswer, checkJoinAnswer } from '../enrolment/answer.ts';
import { buildJoinRequest, checkJoinRequest } from '../enrolment/request.ts';
import { joinMacKey, makeToken } from '../enrolment/token.ts';
import { buildTrustMap } from '../enrolment/trust-map.ts';
import { signEnvelope } from '../envelope/envelope.ts';
import { saveIdentity } from '../identity/identity.ts';
import { hostIdOf, type KeyPair } from '../keys/key-pair.ts';
import { desiredStateTarget, releaseTarget } from '../tuf/names.ts';
import { answerToReports } from '../watermarks/sign.ts';
import { clientOf, TestClock } from './readers.ts';
import {
  changeState,
  directionRepository,
  releaseBytes,
  startMs,
  TestReleases,
  testKey,
} from './test-repository.ts';

export const fixtureRelease = releaseTarget('shop', sha256(releaseBytes(7)));
export const fixtureHostKey = (): KeyPair => testKey('fixture host');
export const fixtureCollectorKey = (): KeyPair => testKey('fixture collector');

/** Random bytes that are the same each time: for fixtures alone. */
function seededRandomness(seed: string): Randomness {
  let count = 0;
  const next = (): Buffer => {
    count += 1;
    return createHash('sha256').update(`${seed} ${count}`).digest();
  };
  return {
    bytes: (length) => {
      const parts: Buffer[] = [];
      for (let have = 0; have < length; have += 32) parts.push(next());
      return Buffer.concat(parts).subarray(0, length);
    },
    fraction: () => next().readUInt32BE() / 2 ** 32,
  };
}

/**
 * All formats that this package writes, by path below `fixtures/v1/`: keys, times and randomness are fixed, so it
 * gives the same bytes each time, and they equal the golden files as long as the formats stay.
 */
export async function makeFixtures(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const direction = await directionRepository(
    'fixture direction',
    '{"format":"xylem-desired-state-1","number":1}',
  );
  direction.nowMs += 60_000;
  await changeState(direction, '{"format":"xylem-desired-state-1","number":2}');
  const vendor = await TestReleases.make('fixture vendor');
  vendor.nowMs += 30_000;
  vendor.content = {
    ...vendor.content,
    floor: '1.0.0' as Version,
    withdrawn: [sha256(releaseBytes(3)) as Digest],
  };
  await vendor.publish(await vendor.release(0, 51));
  for (const repository of [direction, vendor]) {
    for (const [path, bytes] of repository.files) {
      // Of 51 releases one document is enough.
      const isOther = path.startsWith('targets/release/') && !path.includes(sha256(releaseBytes(7)));
      if (!isOther) files.set(`repository/r/${repository.id}/${path}`, bytes);
    }
  }
  const trustMap = buildTrustMap({
    direction: direction.pinned,
    releases: [vendor.pinned],
    products: { '*': vendor.id },
  });
  files.set('trust-map.json', jcsBytes(trustMap));

  const clock = new TestClock(startMs);
  const ca = await CertificateAuthority.create(clock, seededRandomness('ca'), testKey('fixture ca'));
  const key = fixtureHostKey();
  const host = hostIdOf(key.public);
  const token = makeToken(seededRandomness('token'), ca.pin);
  const request = buildJoinRequest({
    token,
    key,
    name: 'web-1',
    serve: true,
    facts: { os: 'debian', osVersion: '12' },
    randomness: seededRandomness('nonce'),
  });
  const macKey = joinMacKey(token.secret);
  const { csr, mac } = await checkJoinRequest(request.body, () => macKey);
  const environment = { id: direction.id as EnvironmentId, name: 'acme/production' };
  const answer = buildJoinAnswer(macKey, mac, {
    host,
    certificate: await ca.issue(csr, { environment: environment.id, serves: [environment.id] }),
    ca: ca.certificatePem,
    environment,
    trustMap,
    parents: ['https://root.example:7443'],
    issued: timeOf(startMs),
  });
  files.set('join/token.txt', Buffer.from(`${token.text}\n`));
  files.set('join/request.json', request.body);
  files.set('join/answer.json', answer);

  const joined = checkJoinAnswer(answer, { token, requestMac: mac, key });
  await addFolder(files, 'identity', async (folder) => {
    await saveIdentity(folder, {
      ...joined,
      name: 'web-1',
      serve: true,
      key,
      certificatePem: joined.certificate,
      caPem: joined.ca,
    });
  });
  await addFolder(files, 'state', async (folder) => {
    const client = clientOf(direction, folder, clock);
    await client.refresh();
    await client.readTarget(desiredStateTarget, 1000);
    const releases = clientOf(vendor, folder, clock);
    await releases.refresh();
    await releases.readTarget(fixtureRelease, 1000);
  });

  const about = { host, incarnation: '0123456789abcdef', sequence: 7, time: formatTime(startMs) };
  const report = { format: 'xylem-report-1', ...about, environment: environment.id, name: 'web-1' };
  const watermark = { format: 'xylem-watermark-1', ...about };
  const signed = (kind: string, value: object, by: KeyPair): Uint8Array =>
    signEnvelope(`application/vnd.xylem.${kind}+json`, jcsBytes(value), by);
  files.set('report.json', signed('report', report, key));
  files.set('watermark.json', signed('watermark', watermark, fixtureCollectorKey()));
  files.set('proofs.json', jcsBytes(fixtureProofs(host, timeOf(startMs))));
  files.set('README.md', Buffer.from(readme(key, fixtureCollectorKey())));
  return files;
}

/** Nine hosts by one signature; of three the proofs, of four, four and one steps. */
function fixtureProofs(host: HostId, time: Time): object {
  const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => ({
    host: n === 1 ? host : (('0'.repeat(31) + n) as HostId),
    incarnation: '0123456789abcdef',
    sequence: n === 1 ? 7 : 2 ** 40 + n,
  }));
  const how = { collector: fixtureCollectorKey(), time, readsProofs: true };
  const { joint } = answerToReports(
    numbers.map((number) => ({ ...number, held: number.sequence })),
    how,
  );
  const { proof } = jointOver(numbers);
  return { format: 'xylem-proofs-1', signed: joint?.signed, proofs: [proof(0), proof(5), proof(8)] };
}

async function addFolder(
  files: Map<string, Uint8Array>,
  name: string,
  write: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'xylem-fixture-'));
  try {
    await write(folder);
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(`${name}/${relative(folder, path)}`, await readFile(path));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

function readme(host: KeyPair, collector: KeyPair): string {
  const hex = (key: KeyPair): string => Buffer.from(key.public).toString('hex');
  return `# Golden fixtures, format 1

Written by \`XYLEM_WRITE_FIXTURES=1 node --test packages/trust/src/fixtures.test.ts\`. They stay for ever: later versions
must still read them. **All keys here are test keys**, the SHA-256 of \`xylem test key <name>\` being the seed of each;
nothing real may trust them. Time stands at ${formatTime(startMs)}.

- \`repository/r/<id>/\`: a direction repository (two desired states) and a release repository (51 releases in bins, of
  which one document lies here, a channel, a floor, a withdrawal)
- \`trust-map.json\`, \`join/\`: a token, the request made with it, and its answer
- \`identity/\`: the folder of the host that joined; \`state/\`: its trusted TUF state
- \`report.json\`: signed by the host, key \`${hex(host)}\`
- \`watermark.json\`: signed by the collector, key \`${hex(collector)}\`
- \`proofs.json\`: of three hosts, by one signature of the collector over nine
`;
}
