import type { Findings } from './detect.ts';

const quoted = (text: string): string => `'${text.replace(/'/g, "''")}'`;
const flow = (words: readonly string[]): string => `[${words.map(quoted).join(', ')}]`;

const header = ({
  from,
}: Findings): string => `# What xylem package publish makes of this folder. Written from ${from}; change what does not fit.
# Unknown keys are refused, so a typing error never goes unnoticed.
`;

function identity(findings: Findings, product: string): string {
  return `
# Releases are versions of a product; a component is one installable part of it.
product: ${product}
component: ${findings.component}
# A published version never changes: raise it for each publication (Semantic Versioning).
version: ${findings.version}
# files: only put in place.  service: also started, watched and restarted.  container: an image, run by podman.
# command: your own programs observe, apply and remove it (docs/components/command.md).
# deb, rpm: packages of Debian's or Red Hat's kind, installed by apt or rpm (docs/components/deb.md, rpm.md).
kind: ${kindOf(findings)}

${sourceText(findings)}`;
}

function kindOf({ image, command }: Findings): string {
  if (image !== undefined) return 'container';
  return command === undefined ? 'files' : 'service';
}

function sourceText({ image }: Findings): string {
  if (image !== undefined) {
    return `# The image: an OCI image layout, or an archive of docker save or podman save.
folder: ${quoted(image)}
`;
  }
  return `# Which folder becomes the tree, below this file's own. Links must stay inside.
folder: .
exclude: ['.git', '*.log']
`;
}

/** docs/components/container.md */
const containerText = `
container:
  # image: shop:1.0                                   # which one, if there are several
  # command: [serve, '--port=80']                     # instead of the image's own; entrypoint too
  # environment: { LOG_LEVEL: info }
  # secretFiles: { password: '\${config.password}' }   # /run/secrets/password; the place for sealed values
  # ports: [{ container: 80, host: '\${config.port}' }]
  # volumes: [{ data: db, at: /var/lib/db }]          # a folder of the component's data, which outlives versions
  # limits: { memory: 512MiB, cpuPercent: 100, processes: 200 }
  # user: '1000:1000'
  # readOnly: true
  # After the image's stop signal it has so long until SIGKILL.
  stopTimeout: 10s

# A version that does not become healthy is taken back to the one before. A command is run in the container.
# health:
#   http: { port: '\${config.port}', path: /, status: 200 }
#   startTimeout: 60s

# What operators may set, for an environment or a single host, and what holds until they do:
# configSchema: { type: object, properties: { port: { type: integer } }, additionalProperties: false }
# configDefaults: { port: 8080 }
`;

function serviceText({ command = [], environment = {}, port }: Findings): string {
  const variables = Object.entries(environment).map(([name, value]) => `\n    ${name}: ${quoted(value)}`);
  return `
service:
  # No shell sees this. \${node} is the agent's Node, \${tree} the installed folder, \${data} a folder that outlives
  # versions, \${config.KEY} a value of the configuration below. A first word with a / is relative to the tree.
  command: ${flow(command)}
${variables.length === 0 ? "  # environment: { NODE_ENV: 'production' }" : `  environment:${variables.join('')}`}
  # After SIGTERM it has so long until SIGKILL.
  stopTimeout: 10s
  # More, in docs/components/service.md:
  # restart: { policy: on-failure, delay: 1s, maxDelay: 60s }
  # limits: { memory: 256MiB, cpuPercent: 100, processes: 64, openFiles: 4096 }
  # user: www-data
  # switch: a new version starts beside the old one and gets its traffic by a router, without a gap:
  # see docs/components/zero-downtime.md

# A version that does not become healthy is taken back to the one before.
${
  port === undefined
    ? `# health:
#   http: { port: '\${config.port}', path: /, status: 200 }
#   startTimeout: 60s
# ports: ['\${config.port}']

# What operators may set, for an environment or a single host, and what holds until they do:
# configSchema: { type: object, properties: { port: { type: integer } }, additionalProperties: false }
# configDefaults: { port: 8080 }

# A database that hosts share, and which schemas of it this version works with (docs/components/migrations.md):
# migrations: { database: shop, accepts: { from: 2, to: 3 }, steps: [] }`
    : `health:
  tcp: { port: '\${config.port}' }
  startTimeout: 60s
ports: ['\${config.port}']

# What operators may set, for an environment or a single host, and what holds until they do.
configSchema: { type: object, properties: { port: { type: integer } }, additionalProperties: false }
configDefaults: { port: ${port} }`
}
`;
}

const more = `
# Another build for each platform, instead of folder:
# variants:
#   - { os: linux, arch: x64, folder: dist/linux-x64 }
#   - { os: linux, arch: arm64, folder: dist/linux-arm64 }

# What a host must have, and programs around the steps of an update (docs/components/hooks.md):
# preflight: { diskFree: 2GiB, memory: 512MiB, kernel: '>=5.10', commands: [nginx] }
# hooks: { after: { switch: { command: [systemctl, reload, nginx], timeout: 30s } } }
# While this file is in its data folder, what runs holds up its update (docs/components/lock.md):
# lock: { file: busy }

# Programs that a host runs once when it is told to, to test what is installed (docs/components/jobs.md):
# jobs: { smoke: { command: ['\${node}', test/smoke.js], timeout: 2m, junit: junit.xml } }

# Where it runs already on hosts that shall take it over as it is (docs/adopt.md):
# adopt: { path: /opt/shop, unit: shop.service, apart: [logs] }     # or container: shop-db

# Components that must be there too, and in which versions:
# requires: { shop-db: '^2.0.0' }
`;

/** The text of a first `xylem.yaml`, with comments that teach. */
export function firstManifest(findings: Findings, product: string): string {
  return (
    header(findings) +
    identity(findings, product) +
    (findings.image === undefined ? '' : containerText) +
    (findings.command === undefined ? '' : serviceText(findings)) +
    more
  );
}
