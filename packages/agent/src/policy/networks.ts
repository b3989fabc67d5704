import { BlockList, isIP } from 'node:net';
import { XylemError } from '@xylem/core';

/**
 * The addresses and networks among what a policy allows to be asked.
 * @throws XylemError E_INPUT for what is neither, nor one of the words
 */
export function networksOf(allow: readonly string[]): BlockList {
  const networks = new BlockList();
  for (const one of allow.filter((word) => word !== 'here' && word !== 'public')) {
    const [address = '', prefix] = one.split('/');
    const version = isIP(address);
    const bits = version === 6 ? 128 : 32;
    if (version === 0 || Number(prefix ?? bits) > bits)
      throw new XylemError(
        'E_INPUT',
        `probes.allow: expected "here", "public", an address or a network like "10.2.0.0/16", found "${one}".`,
      );
    networks.addSubnet(address, Number(prefix ?? bits), version === 6 ? 'ipv6' : 'ipv4');
  }
  return networks;
}
