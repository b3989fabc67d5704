import { type KeyPair, spkiOf } from '../keys/key-pair.ts';

/**
 * A PKCS#10 certificate request (DER) for a key, with a common name. Written by hand, 30 lines, because every agent
 * makes one when it joins and each 20 days, and an X.509 library would stay in its memory for that.
 */
export function makeCsr(key: KeyPair, commonName: string): Uint8Array {
  const info = der(
    0x30,
    der(0x02, Buffer.from([0])),
    der(0x30, der(0x31, der(0x30, oidCommonName, der(0x0c, Buffer.from(commonName))))),
    spkiOf(key.public),
    der(0xa0),
  );
  const signature = der(0x03, Buffer.from([0]), Buffer.from(key.sign(info)));
  return der(0x30, info, der(0x30, oidEd25519), signature);
}

const oidCommonName = Buffer.from('0603550403', 'hex');
const oidEd25519 = Buffer.from('06032b6570', 'hex');

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length;
  const header = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}
