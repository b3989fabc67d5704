/**
 * A network of namespaces on this machine, for root on Linux:
 *
 *     const lab = await networkLab(t);
 *     if ('skip' in lab) return t.skip(lab.skip);
 *     const site = await lab.node('site', { link: { rate: '64kbit', loss: 0.2 } });
 *     await site.run(['ip', 'address']);
 *     await lab.cut(site);   // nothing passes
 *     await lab.mend(site);
 */
export { type NetworkLab, type NetworkNode, networkLab } from './lab.ts';
export type { Link } from './link.ts';
