import { defineCommand, text } from '../../frame/define.ts';
import { ensureRoot, rootFolder, stateOption } from './folder.ts';
import { isRootFolder } from './ports.ts';

export const command = defineCommand({
  about: `The keys of the release repository (root and targets) are made here and stay in ~/.xylem/keys, apart from the
server's state: keep a copy of them on another medium. On a terminal it asks for a passphrase for them; elsewhere
XYLEM_PASSPHRASE or XYLEM_PASSPHRASE_FILE gives it. Run again, it changes nothing. With --database it keeps its state in
an empty database of PostgreSQL, the state folder beside it; leave the password to PGPASSWORD or PGPASSFILE.`,
  options: {
    ...stateOption,
    database: text(
      '<url>',
      'PostgreSQL instead of SQLite below the state folder: postgresql://USER@HOST/NAME',
    ),
    tenant: text('<tenant>', 'the first tenant, meant wherever none is named (default: default)'),
  },
  example: 'xylem root init --state /var/lib/xylem/root --tenant acme',
  async run({ options, home, clock, randomness }) {
    const folder = rootFolder(options.state);
    const { tenant, database } = options;
    const exists = isRootFolder(folder);
    const made = await ensureRoot({
      folder,
      home,
      clock,
      randomness,
      exists,
      ask: true,
      ...(tenant === undefined ? {} : { tenant }),
      ...(database === undefined ? {} : { databaseUrl: database }),
    });
    const run = `xylem root run --state ${folder}`;
    const data = { ...made, state: folder, keys: home.keysFolder };
    if (!made.created)
      return { data, text: `${folder} is a root server already; nothing was changed.\nNext: ${run}` };
    return {
      data,
      text: [
        `State:            ${folder}`,
        `Publisher's keys: ${home.keysFolder} (keep a copy elsewhere)`,
        `Operator's token: ${made.operatorToken} (shown this once)`,
        `Next: ${run}`,
      ].join('\n'),
    };
  },
});
