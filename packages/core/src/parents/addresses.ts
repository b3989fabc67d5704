import { BlockList, isIP } from 'node:net';
import { XylemError } from '../errors.ts';

export const addressLimits = {
  /** That a host says. */
  said: 32,
  /** Of a rule. */
  subnets: 64,
  /** Hosts say no more of an IPv6 address. */
  prefix6: 64,
  /** Other ones are said once they have stayed for this. */
  stayMs: 60_000,
} as const;

/** Networks by which a rule finds hosts. */
export interface Subnets {
  /** As they were written; none: all hosts are in. */
  readonly written: readonly string[];
  readonly hold: (addresses: readonly string[]) => boolean;
}

/** @throws XylemError E_INPUT for what is no subnet, or finer than what hosts say */
export function parseSubnets(written: readonly string[]): Subnets {
  const list = new BlockList();
  for (const one of written) {
    const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(one) ?? [];
    const version = isIP(address);
    const most = version === 4 ? 32 : addressLimits.prefix6;
    const bits = Number(prefix ?? (version === 4 ? 32 : 128));
    if (version === 0 || bits > most)
      throw new XylemError(
        'E_INPUT',
        `${one} is no subnet that hosts can be found by: write 10.1.0.0/16, or 2001:db8:1::/48 with at most ${addressLimits.prefix6} bits.`,
      );
    list.addSubnet(address, bits, familyOf(version));
  }
  const holds = (address: string): boolean => {
    const version = isIP(address);
    return version !== 0 && list.check(address, familyOf(version));
  };
  return { written, hold: (addresses) => written.length === 0 || addresses.some(holds) };
}

const familyOf = (version: number): 'ipv4' | 'ipv6' => (version === 4 ? 'ipv4' : 'ipv6');

/** Loopback, one link's, several machines', or reserved. */
const unsaid4 = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3],
] as const)
  unsaid4.addSubnet(network, bits);
/** Global unicast, and private. */
const said6 = new BlockList();
said6.addSubnet('2000::', 3, 'ipv6');
said6.addSubnet('fc00::', 7, 'ipv6');

/** What a host says of its addresses, given in the order of the system: docs/spec/reparenting.md, Addresses. Pure. */
export function saidAddresses(own: readonly string[]): string[] {
  const said = own.flatMap((address) => {
    const version = isIP(address);
    if (version === 4) return unsaid4.check(address) ? [] : [address];
    return version === 6 && said6.check(address, 'ipv6') ? [networkOf(address)] : [];
  });
  return [...new Set(said)].slice(0, addressLimits.said).sort();
}

/** The first 64 bits of an IPv6 address, the rest 0. */
function networkOf(address: string): string {
  const [before = '', after] = address.replace(/%.*$/, '').split('::');
  const head = before.split(':').filter((group) => group !== '');
  const tail = (after ?? '').split(':').filter((group) => group !== '');
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  const first = [...head, ...zeros, ...tail].slice(0, 4).join(':');
  return new URL(`http://[${first}::]`).hostname.slice(1, -1);
}
