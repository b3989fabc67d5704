export { selects } from './evaluate.ts';
export { globMatches } from './glob.ts';
export { parseSelector } from './parse.ts';
export { printSelector } from './print.ts';
export { joined, type Selectable, type Selector } from './selector.ts';
