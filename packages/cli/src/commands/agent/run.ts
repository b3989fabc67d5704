import { hostProxies, isSystemdHost, launchedFrom, type RunningAgent, runAgent } from '@xylem/agent';
import { forbidCoreDumps, jsonLog } from '@xylem/platform';
import { LimitedLinks } from '@xylem/platform/serving';
import { readAddress } from '../../frame/address.ts';
import { count, defineCommand, flag, list, text } from '../../frame/define.ts';
import { untilStopped } from '../../frame/until.ts';
import { limitHelp, readLimits } from '../../selection/limits.ts';
import { version } from '../../version.ts';
import { linkedNode } from './node.ts';
import { servingRelay } from './serving.ts';
import { joinedFolder, stateOption } from './state.ts';
import { untilLauncherEnds } from './until-launcher.ts';

const defaultListen = '0.0.0.0:8442';

export const runOptions = {
  ...stateOption,
  listen: text('<host:port>', `as a relay: where children reach it (default: ${defaultListen})`),
  url: text('<url>', 'as a relay: what children dial, if not the address that it listens on'),
  reserve: count(
    '<MiB>',
    'as a relay: with less free on its disk it tells its children that it is full (default: 8)',
    1,
    10_000_000,
  ),
  noSiblings: flag('as a relay: fetch all from parents, nothing from relays of the same site'),
  limit: list('<limit>', `what its links may carry: down, up, serve, each; ${limitHelp}`),
  allowPlainHttp: flag(
    'use parents with http:// beyond loopback, from now on; who listens hears what it fetches',
  ),
};

export const command = defineCommand({
  about: `Keeps the host as its environment says, until it is ended; services go on without it. A host that joined with
--serve, or was told to serve (xylem host serve), is a relay too, in the same process.
The log goes to stderr, one JSON document a line.`,
  options: runOptions,
  example: 'xylem agent run --state /var/lib/xylem/host',
  async run({ options, clock, randomness, environment, signal, self, terminal }) {
    const stateFolder = joinedFolder(options.state);
    const log = jsonLog(process.stderr, clock);
    await forbidCoreDumps(log);
    const { url, reserve } = options;
    const { environment: proxyEnvironment } = await hostProxies(stateFolder, environment, log);
    const links = new LimitedLinks({ clock, log, own: await readLimits(options.limit) });
    let agent: RunningAgent | undefined;
    let serving: Promise<void> = Promise.resolve();
    const relay = servingRelay(
      {
        stateFolder,
        listen: readAddress(options.listen ?? defaultListen, '--listen'),
        ...(url === undefined ? {} : { url }),
        ...(reserve === undefined ? {} : { reserveBytes: reserve * 2 ** 20 }),
        siblings: !options.noSiblings,
        clock,
        randomness,
        log,
        proxyEnvironment,
        parents: () => agent?.parents() ?? null,
        links,
      },
      log,
      () => agent?.reportSoon(),
    );
    agent = await runAgent({
      stateFolder,
      clock,
      randomness,
      log,
      supervisorCommand: [...self, 'supervisor', '--state', stateFolder],
      forwarderCommand: [...self, 'forwarder', '--state', stateFolder],
      systemd: isSystemdHost(),
      agentVersion: version,
      launched: launchedFrom(environment),
      ...(self.length === 1 ? { node: await linkedNode(stateFolder, randomness) } : {}),
      proxyEnvironment,
      allowPlainHttp: options.allowPlainHttp,
      links,
      parentsFirst: () => (relay.running === undefined ? [] : [relay.running.localUrl]),
      serving: () => relay.running?.serving() ?? null,
      onParentsChange: () => relay.running?.parentsChanged(),
      onServeChange: (serve) => {
        serving = relay.set(serve);
        serving.catch((error: unknown) => log.error('the relay could not start', { error }));
      },
    });
    try {
      await serving;
    } catch (error) {
      // Who says where to listen wants to hear at once if that is impossible.
      if (options.listen !== undefined) {
        await relay.set(false);
        await agent.stop();
        throw error;
      }
    }
    if (options.listen !== undefined && relay.running === undefined) {
      log.info('this host is no relay yet; it listens when xylem host serve makes it one');
    }
    const serves = relay.running?.url;
    terminal.ready(
      { host: agent.host, environment: agent.environment, ...(serves === undefined ? {} : { url: serves }) },
      `Host ${agent.host} of environment ${agent.environment} runs${serves === undefined ? '' : `, and serves at ${serves}`}.`,
    );
    const over = new AbortController();
    try {
      const orphaned = untilLauncherEnds(environment, clock, over.signal);
      await Promise.race([untilStopped(signal), agent.stopped, orphaned]);
    } finally {
      over.abort();
      await relay.set(false);
      await agent.stop();
    }
    return undefined;
  },
});
