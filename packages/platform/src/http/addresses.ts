import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Addresses of this machine and of networks inside, and those that mean nobody in particular. */
const inner = new BlockList();
const subnets4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const;
for (const [net, prefix] of subnets4) inner.addSubnet(net, prefix, 'ipv4');
/** Only 2000::/3 is given to anybody; of it, what carries an IPv4 address within is not taken either. */
const outer6 = new BlockList();
outer6.addSubnet('2000::', 3, 'ipv6');
const carrying6 = new BlockList();
for (const [net, prefix] of [
  ['2001::', 23],
  ['2002::', 16],
] as const)
  carrying6.addSubnet(net, prefix, 'ipv6');

/** Whether an address lies in the public network. */
export function isOuterAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !inner.check(address, 'ipv4');
  return family === 6 && outer6.check(address, 'ipv6') && !carrying6.check(address, 'ipv6');
}

/** The address that a URL names by its number; null: it has a name, which is looked at when it is looked up. */
export function addressIn(url: string): string | null {
  const host = URL.parse(url)?.hostname.replace(/^\[(.*)\]$/, '$1') ?? '';
  return isIP(host) === 0 ? null : host;
}

/** Whether a URL names an address inside by its number. */
export function namesInnerAddress(url: string): boolean {
  const address = addressIn(url);
  return address !== null && !isOuterAddress(address);
}

/** Finds addresses that are allowed alone: what is connected to is what was looked at. */
export function lookupWithin(allows: (address: string) => boolean): LookupFunction {
  return (name, options, callback) => {
    systemLookup(name, { ...options, all: true }, (fault, found) => {
      if (fault !== null) return callback(fault, []);
      const allowed = found.filter(({ address }) => allows(address));
      const [first] = allowed;
      if (first === undefined) return callback(new Error(`${name} lies in a network inside`), []);
      if (options.all === true) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
}

/** In the public network alone. */
export const outerLookup = lookupWithin(isOuterAddress);

/** Finds the same address by every name. */
export function lookupAlways(address: string): LookupFunction {
  const family = isIP(address);
  return (_name, options, callback) =>
    options.all === true ? callback(null, [{ address, family }]) : callback(null, address, family);
}
