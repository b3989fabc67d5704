import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [node, data] = ['$' + '{node}', '$' + '{data}'];
/** Each of them goes wrong where a file in the data folder of the component says so. */
const programs = {
  'server.mjs': 'setInterval(() => 0, 1_000);',
  'well.mjs': `import { existsSync } from 'node:fs';
process.exit(existsSync(process.argv[2] + '/ill') ? 3 : 0);`,
  'look.mjs': `import { existsSync } from 'node:fs';
if (existsSync(process.argv[2] + '/no-licence')) { console.log('no licence'); process.exit(4); }`,
  'smoke.mjs': `import { existsSync, writeFileSync } from 'node:fs';
const { XYLEM_DATA: data, XYLEM_JOB_FOLDER: folder, XYLEM_VERSION: version } = process.env;
const failure = existsSync(data + '/cart-is-empty') ? '<failure message="the cart is empty"/>' : '';
console.log('smoke of ' + version);
writeFileSync(folder + '/steps.log', 'one step');
writeFileSync(folder + '/junit.xml', '<testsuite name="cart"><testcase name="pays">' + failure + '</testcase></testsuite>');`,
};
const manifest = `product: shop
component: shop-web
version: 0.0.0
folder: tree
service: { command: ['${node}', server.mjs] }
health: { command: ['${node}', well.mjs, '${data}'], interval: 200ms, startTimeout: 1s }
hooks: { before: { preflight: { command: ['${node}', look.mjs, '${data}'] } } }
jobs: { smoke: { command: ['${node}', smoke.mjs], timeout: 1m, junit: junit.xml, logs: [steps.log] } }
`;

/** The package of `shop-web`, a service: `ill` and `no-licence` fail its health and its hook, `cart-is-empty` its test. */
export function writeShopWeb(folder: string): void {
  mkdirSync(join(folder, 'tree'), { recursive: true });
  for (const [name, text] of Object.entries(programs)) writeFileSync(join(folder, 'tree', name), text);
  writeFileSync(join(folder, 'xylem.yaml'), manifest);
}
