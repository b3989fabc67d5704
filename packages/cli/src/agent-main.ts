import Module from 'node:module';
import { basename } from 'node:path';
import { supervise } from './commands/agent/supervisor.ts';
import { run } from './frame/run.ts';
import { agentTable } from './frame/table/agent.ts';
import { version } from './version.ts';

/** The single executable of a host (tools/build-agent.ts): what it takes to join and to be one, and no more. */
const [, startedAs = '', ...words] = process.argv;

if (basename(startedAs) === 'node') {
  // `${node}` of a package's commands is a link of this name to the executable, which has a whole Node in it.
  process.argv.splice(1, 1);
  Module.runMain(words[0]);
} else if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) {
  process.stdout.write(`${version}\n`);
} else if (words[0] === 'supervisor') {
  await supervise(words.slice(1));
} else {
  process.exitCode = await run(words, process, agentTable);
}
