import { enableCompileCache } from 'node:module';
import { version } from './version.ts';

enableCompileCache();
const words = process.argv.slice(2);

if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) {
  process.stdout.write(`${version}\n`);
} else if (words[0] === 'supervisor') {
  const { supervise } = await import('./commands/agent/supervisor.ts');
  await supervise(words.slice(1));
} else if (words[0] === 'forwarder') {
  const { forward } = await import('./commands/agent/forwarder.ts');
  await forward(words.slice(1));
} else if (words[0] === 'patch-maker') {
  const { runPatchMaker } = await import('@xylem/root/patch-maker');
  await runPatchMaker(words.slice(1));
} else if (words[0] === 'publish-reader') {
  const { serveReader } = await import('@xylem/store/publish-reader');
  serveReader();
} else {
  const [{ run }, { commandTable }] = await Promise.all([
    import('./frame/run.ts'),
    import('./frame/table/index.ts'),
  ]);
  process.exitCode = await run(words, process, commandTable);
}
