// Requests without a break, in a guest: node load-until-main.ts PORT RATE FILE. Ends once FILE is there, and prints what
// became of them.
import { existsSync } from 'node:fs';
import { startLoad, waitUntil } from '@xylem/testkit';

const [port = '', rate = '', file = ''] = process.argv.slice(2);
const load = await startLoad(Number(port), Number(rate));
await waitUntil(() => existsSync(file), 300_000, file);
process.stdout.write(JSON.stringify(Object.values(await load.end())[0]));
