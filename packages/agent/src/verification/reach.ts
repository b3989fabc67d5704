import { BlockList, isIP } from 'node:net';
import { isOuterAddress } from '@xylem/platform';
import { networksOf } from '../policy/networks.ts';

/** Whether an address may be connected to. */
export type Reach = (address: string) => boolean;

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/**
 * What a host may ask for others, by its local policy: `here` is this machine by loopback or by addresses of its own.
 * @param own the addresses of this machine's interfaces
 * @throws XylemError E_INPUT
 */
export function reachOf(allow: readonly string[], own: readonly string[]): Reach {
  const here = new BlockList();
  here.addSubnet('127.0.0.0', 8, 'ipv4');
  here.addAddress('::1', 'ipv6');
  for (const address of own) here.addAddress(address, familyOf(address));
  const networks = networksOf(allow);
  const [mayHere, mayPublic] = [allow.includes('here'), allow.includes('public')];
  return (address) => {
    const family = familyOf(address);
    return (
      (mayHere && here.check(address, family)) ||
      (mayPublic && isOuterAddress(address)) ||
      networks.check(address, family)
    );
  };
}
