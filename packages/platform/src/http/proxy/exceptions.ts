import { BlockList, isIP } from 'node:net';

/** One word of NO_PROXY without its port. */
function isWithin(word: string, host: string): boolean {
  if (word === '*') return true;
  const family = isIP(host);
  if (family === 0) {
    const name = word.replace(/^\*?\./, '');
    const isBelow = host.endsWith(`.${name}`);
    return name !== '' && (name === word ? host === name || isBelow : isBelow);
  }
  return isAmong(word, host, family === 4 ? 'ipv4' : 'ipv6');
}

/** An address, a subnet as `10.0.0.0/8`, or all from one address to another. */
function isAmong(word: string, address: string, kind: 'ipv4' | 'ipv6'): boolean {
  const [, first = '', bits, last] = /^([^/-]+)(?:\/(\d+)|-([^/-]+))?$/.exec(word) ?? [];
  if (isIP(first) !== (kind === 'ipv4' ? 4 : 6)) return false;
  const list = new BlockList();
  try {
    if (bits !== undefined) list.addSubnet(first, Number(bits), kind);
    else if (last !== undefined) list.addRange(first, last, kind);
    else list.addAddress(first, kind);
  } catch {
    // A subnet that is none holds nobody.
    return false;
  }
  return list.check(address, kind);
}

/**
 * Whether NO_PROXY names a host: by its name or one above it, by `.example` for what lies below alone, by an address, a
 * subnet or a range, each with a port where it is meant for that port alone, or by `*`. Pure.
 * @param host a name or an address without brackets, in lower case
 */
export function isExcepted(noProxy: string, host: string, port: number): boolean {
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== '')
    .some((word) => {
      const parts = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(word);
      // An address of IPv6 without brackets has no port.
      if (parts === null) return isWithin(word, host);
      const [, inBrackets, named = '', ofPort] = parts;
      return (ofPort === undefined || Number(ofPort) === port) && isWithin(inBrackets ?? named, host);
    });
}
