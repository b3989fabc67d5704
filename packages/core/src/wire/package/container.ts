import { placeholdersIn } from '../../direction/placeholders.ts';
import { array, boolean, closedObject, integer, oneOf, record, string } from '../../schema/build.ts';
import { argument, command, durationMs, port, variableName } from './fields.ts';
import { healthPart } from './health.ts';
import type { PackagePart } from './part.ts';

/** docs/spec/components/container.md. */

/** What a container may be given beyond nothing: none of these leads out of it. */
const containerCapabilities = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'IPC_LOCK',
  'KILL',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
  'SYS_NICE',
] as const;

export const dataFolder = string({
  title: 'a folder below the data folder, such as "db"',
  pattern: '^(?!.*\\.\\.)[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$',
  maxLength: 255,
});
export const containerPath = string({
  title: 'an absolute path in the container without ":" and ".."',
  pattern: '^(/(?!\\.{1,2}(/|$))[^/:,\\0\\s]+)+$',
  maxLength: 1024,
});
export const secretFileName = string({
  title: 'a file name such as "db-password"',
  pattern: '^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$',
});
/** No placeholder: an address is part of what is opened to whom. */
export const hostAddress = string({
  title: 'an IPv4 or IPv6 address',
  pattern: '^(\\d{1,3}(\\.\\d{1,3}){3}|[0-9a-fA-F:]{2,39})$',
});
export const containerUser = string({
  title: 'a user such as "1000:1000" or "app"',
  pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?$',
});
export const containerNetwork = oneOf('bridge', 'host', 'none');
export const protocol = oneOf('tcp', 'udp');
export const capabilities = array(oneOf(...containerCapabilities), { maxItems: 100 });
export const processes = integer({ minimum: 1, maximum: 4_194_304 });

/** Closed: a host that would skip a key of it would run the container with more rights than its publisher gave it. */
export const containerSchema = closedObject(
  {},
  {
    entrypoint: command,
    command,
    environment: record(variableName, argument),
    secretFiles: record(secretFileName, argument),
    ports: array(closedObject({ container: port, host: port }, { protocol, address: hostAddress }), {
      maxItems: 1000,
    }),
    volumes: array(closedObject({ data: dataFolder, at: containerPath }, { readOnly: boolean() }), {
      maxItems: 100,
    }),
    user: containerUser,
    readOnly: boolean(),
    capabilities,
    limits: closedObject(
      {},
      {
        memoryBytes: integer({ minimum: 6 * 1024 * 1024 }),
        cpuPercent: integer({ minimum: 1, maximum: 100_000 }),
        processes,
      },
    ),
    network: containerNetwork,
    stopTimeoutMs: durationMs,
  },
);

export const containerPart: PackagePart = {
  fault: (document) => {
    const { kind, container } = document;
    if ((kind === 'container') !== (container !== undefined)) {
      return { path: ['container'], sentence: 'expected for the kind "container" and for no other' };
    }
    if (container === undefined) return undefined;
    if ((container.ports ?? []).length > 0 && (container.network ?? 'bridge') !== 'bridge') {
      return { path: ['container', 'ports'], sentence: 'expected only with the network "bridge"' };
    }
    const paths = (container.volumes ?? []).map(({ at }) => at);
    if (new Set(paths).size !== paths.length) {
      return { path: ['container', 'volumes'], sentence: 'expected each path in the container once' };
    }
    for (const [path, text] of [...texts(document), ...(healthPart.texts?.(document) ?? [])]) {
      const own = namesIn(text).find((name) => !name.startsWith('config.'));
      if (own === undefined) continue;
      return { path, sentence: `"\${${own}}" is a place of the host, which a container does not see` };
    }
    const program = container.entrypoint?.[0] ?? '';
    if (namesIn(program).length === 0) return undefined;
    return {
      path: ['container', 'entrypoint', 0],
      sentence: 'the program must not come from the configuration',
    };
  },
  texts,
};

function* texts({ container }: Parameters<NonNullable<PackagePart['texts']>>[0]) {
  if (container === undefined) return;
  for (const key of ['entrypoint', 'command'] as const) {
    for (const [i, text] of (container[key] ?? []).entries()) yield [['container', key, i], text] as const;
  }
  for (const key of ['environment', 'secretFiles'] as const) {
    for (const [name, text] of Object.entries(container[key] ?? {})) {
      yield [['container', key, name], text] as const;
    }
  }
  for (const [i, { host, container: inside }] of (container.ports ?? []).entries()) {
    if (typeof host === 'string') yield [['container', 'ports', i, 'host'], host] as const;
    if (typeof inside === 'string') yield [['container', 'ports', i, 'container'], inside] as const;
  }
}

/** Mistakes are said where all texts are looked at. */
function namesIn(text: string): readonly string[] {
  try {
    return placeholdersIn(text);
  } catch {
    return [];
  }
}
