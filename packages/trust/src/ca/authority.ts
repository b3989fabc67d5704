import { createHash, type KeyObject, webcrypto } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EnvironmentId, type HostId, lifetimes, XylemError } from '@xylem/core';
import { type Clock, type Randomness, writeFileAtomic } from '@xylem/platform';
import { loadKeyFile, saveKeyFile } from '../keys/key-file.ts';
import { generateKey, hostIdOf, type KeyPair, rawOfSpki, spkiOf } from '../keys/key-pair.ts';
import { caIdOf, hostUri, rootUri, serveUri } from './names.ts';

/** A host whose clock is a little behind must not find its new certificate not yet valid. */
const backdateMs = 3600_000;
const maxCsrBytes = 8 * 1024;

export interface IssueOptions {
  readonly environment: EnvironmentId;
  /** What the host may serve to others; null: nothing. */
  readonly serves: readonly EnvironmentId[] | '*' | null;
  /** The registered host when its key is not its first one; by default the id of the request's key. */
  readonly host?: HostId;
}

/** A checked certificate request. */
export interface CheckedCsr {
  /** Raw Ed25519. */
  readonly publicKey: Uint8Array;
  readonly commonName: string;
  /** The host id of this key, if it is a first key. */
  readonly host: HostId;
}

/** The CA of an installation: an Ed25519 key and its self-signed certificate. */
export class CertificateAuthority {
  /** First 32 hexadecimal digits of the SHA-256 of its SubjectPublicKeyInfo. */
  readonly id: string;
  readonly certificatePem: string;
  /** What join tokens pin: SHA-256 of the SubjectPublicKeyInfo, 32 bytes. */
  readonly pin: Uint8Array;
  readonly #key: KeyPair;
  readonly #clock: Clock;
  readonly #randomness: Randomness;

  private constructor(key: KeyPair, pem: string, clock: Clock, randomness: Randomness) {
    this.#key = key;
    this.#clock = clock;
    this.#randomness = randomness;
    this.certificatePem = pem;
    this.id = caIdOf(pem);
    this.pin = Uint8Array.from(createHash('sha256').update(spkiOf(key.public)).digest());
  }

  static async create(
    clock: Clock,
    randomness: Randomness,
    key: KeyPair = generateKey(),
  ): Promise<CertificateAuthority> {
    const {
      BasicConstraintsExtension,
      KeyUsageFlags,
      KeyUsagesExtension,
      SubjectKeyIdentifierExtension,
      X509CertificateGenerator,
    } = await x509Library();
    const publicKey = await webPublicKey(key.public);
    const id = createHash('sha256').update(spkiOf(key.public)).digest('hex').slice(0, 32);
    const nowMs = clock.now();
    const certificate = await X509CertificateGenerator.create({
      subject: `CN=Xylem CA ${id}`,
      issuer: `CN=Xylem CA ${id}`,
      serialNumber: serial(randomness),
      notBefore: new Date(nowMs - backdateMs),
      notAfter: new Date(nowMs + lifetimes.caCertificateMs),
      publicKey,
      signingKey: await webPrivateKey(key.privateKey),
      signingAlgorithm: { name: 'Ed25519' },
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(publicKey),
      ],
    });
    return new CertificateAuthority(key, certificate.toString('pem'), clock, randomness);
  }

  /** @throws XylemError E_KEY_INVALID */
  static async load(
    folder: string,
    clock: Clock,
    randomness: Randomness,
    passphrase?: string,
  ): Promise<CertificateAuthority> {
    const key = await loadKeyFile(join(folder, 'ca-key.pem'), passphrase);
    const pem = await readFile(join(folder, 'ca.pem'), 'utf8');
    const authority = new CertificateAuthority(key, pem, clock, randomness);
    if (authority.id !== Buffer.from(authority.pin).toString('hex').slice(0, 32)) {
      throw new XylemError('E_KEY_INVALID', `${folder}: ca.pem is not the certificate of ca-key.pem.`);
    }
    return authority;
  }

  /** Writes `ca-key.pem` (0600) and `ca.pem`. */
  async save(folder: string, passphrase?: string): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await saveKeyFile(join(folder, 'ca-key.pem'), this.#key, passphrase);
    await writeFileAtomic(join(folder, 'ca.pem'), this.certificatePem);
  }

  /**
   * A host's certificate (PEM) from its request (DER), for 30 days.
   * @throws XylemError E_CERTIFICATE (not Ed25519, not signed by its own key, malformed)
   */
  async issue(csr: Uint8Array, options: IssueOptions): Promise<string> {
    const request = await checkCsr(csr);
    const host = options.host ?? request.host;
    const serves = options.serves === '*' ? (['*'] as const) : (options.serves ?? []);
    return this.#issue(request.publicKey, host, [
      hostUri(this.id, options.environment, host),
      ...serves.map((environment) => serveUri(this.id, environment)),
    ]);
  }

  /** The root server's own certificate (PEM) for a key of its own, for 30 days. */
  async issueRoot(publicKey: Uint8Array): Promise<string> {
    return this.#issue(publicKey, hostIdOf(publicKey), [rootUri(this.id)]);
  }

  async #issue(publicRaw: Uint8Array, commonName: string, uris: readonly string[]): Promise<string> {
    const x509 = await x509Library();
    const publicKey = await webPublicKey(publicRaw);
    const caKey = await webPublicKey(this.#key.public);
    const nowMs = this.#clock.now();
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${commonName}`,
      issuer: `CN=Xylem CA ${this.id}`,
      serialNumber: serial(this.#randomness),
      notBefore: new Date(nowMs - backdateMs),
      notAfter: new Date(nowMs + lifetimes.nodeCertificateMs),
      publicKey,
      signingKey: await webPrivateKey(this.#key.privateKey),
      signingAlgorithm: { name: 'Ed25519' },
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.serverAuth,
          x509.ExtendedKeyUsage.clientAuth,
        ]),
        new x509.SubjectAlternativeNameExtension(uris.map((value) => ({ type: 'url' as const, value }))),
        await x509.AuthorityKeyIdentifierExtension.create(caKey),
        await x509.SubjectKeyIdentifierExtension.create(publicKey),
      ],
    });
    return certificate.toString('pem');
  }
}

/**
 * Reads a request and checks that its own key signed it.
 * @throws XylemError E_CERTIFICATE
 */
export async function checkCsr(csr: Uint8Array): Promise<CheckedCsr> {
  if (csr.length > maxCsrBytes) throw refused(`is larger than ${maxCsrBytes} bytes`);
  const { Pkcs10CertificateRequest } = await x509Library();
  let publicKey: Uint8Array | null;
  let commonName: string;
  let isSigned: boolean;
  try {
    const request = new Pkcs10CertificateRequest(Uint8Array.from(csr));
    publicKey = rawOfSpki(new Uint8Array(request.publicKey.rawData));
    commonName = request.subjectName.getField('CN')[0] ?? '';
    isSigned = await request.verify();
  } catch (cause) {
    throw new XylemError('E_CERTIFICATE', 'The certificate request cannot be read.', {
      cause,
      retry: 'never',
    });
  }
  if (publicKey === null) throw refused('is not for an Ed25519 key');
  if (!isSigned) throw refused('is not signed by the key that it names');
  return { publicKey, commonName, host: hostIdOf(publicKey) };
}

/** Loaded when first needed: only a root server issues certificates, and it costs 7 MB of memory. */
async function x509Library(): Promise<typeof import('@peculiar/x509')> {
  return (await import('./x509-library.ts')).x509;
}

function refused(what: string): XylemError {
  return new XylemError('E_CERTIFICATE', `The certificate request ${what}.`, { retry: 'never' });
}

function serial(randomness: Randomness): string {
  const bytes = Buffer.from(randomness.bytes(16));
  // Positive and without a leading zero, as DER wants it.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

async function webPublicKey(raw: Uint8Array): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('raw', Uint8Array.from(raw), 'Ed25519', true, ['verify']);
}

async function webPrivateKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  return webcrypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign']);
}
