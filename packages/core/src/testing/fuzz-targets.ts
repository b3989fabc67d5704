/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
import { fillPlaceholders, placeholdersIn } from '../direction/placeholders.ts';
import { XylemError } from '../errors.ts';
import { readJunit } from '../junit/index.ts';
import { issuesOf } from '../schema/check.ts';
import { parseSchema } from '../schema/supported.ts';
import { selects } from '../selector/evaluate.ts';
import { parseSelector } from '../selector/parse.ts';
import { printSelector } from '../selector/print.ts';
import { inRange, isVersion } from '../versions.ts';
import { examples } from '../wire/examples.test-data.ts';
import { formatNewsCursor, parseNewsCursor } from '../wire/news.ts';
import { encodePackIndex, parsePackIndex } from '../wire/pack-index.ts';
import { parseEnvironmentYaml } from '../yaml/environment.ts';
import { parseLabelsYaml } from '../yaml/labels.ts';
import { parseManifestYaml } from '../yaml/manifest/manifest.ts';
import type { FuzzTarget } from './fuzz.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (input: Uint8Array): string => new TextDecoder().decode(input);

/** All that this package parses: every document of the wire, what people write, selectors. */
export function coreFuzzTargets(): FuzzTarget[] {
  return [...documentTargets(), ...yamlTargets(), ...textTargets()];
}

/** What was taken can be written again: nothing that a reader takes makes a writer fall. */
function documentTargets(): FuzzTarget[] {
  return Object.entries(examples).map(([name, { encoded, parse, encode }]) => ({
    name: `document ${name}`,
    seedInputs: [encoded],
    parse: (input) => encode(parse(input) as never),
  }));
}

const manifestYaml = `product: shop
component: shop-api
version: 2.4.0
kind: service
include: ["dist/**", "package.json"]
service:
  command: ["\${node}", "dist/main.js", "--port=\${config.port}"]
  environment: { PORT: 8080, DATA: "\${data}" }
  stopTimeout: 10s
health:
  http: { port: "\${config.port}", path: /health, status: 200 }
  interval: 5s
ports: ["\${config.port}"]
configSchema: { type: object, properties: { port: { type: integer, minimum: 1 } } }
configDefaults: { port: 8080 }
requires: { shop-db: ^2.1.0 }
`;
const environmentYaml = `environment: acme/production
products:
  shop:
    channel: stable
    components:
      shop-api: { where: role = web and site in (muc, fra), config: { port: 8080, tags: [a, b] } }
      shop-web: { where: "not role = db", after: [shop-api] }
  tools: { release: 1.2.3 }
`;
const oddYaml = 'a: &a [1, 2]\nb: *a\nc: !!binary aGk=\nd: |\n  text\n<<: *a\n? [x]\n: y\n';

function yamlTargets(): FuzzTarget[] {
  const target = (name: string, seed: string, parse: (text: string) => unknown): FuzzTarget => ({
    name: `YAML of ${name}`,
    seedInputs: [bytes(seed), bytes(oddYaml)],
    parse: (input) => parse(textOf(input)),
  });
  return [
    target('a manifest', manifestYaml, (text) => parseManifestYaml(text, 'xylem.yaml')),
    target('an environment', environmentYaml, (text) => parseEnvironmentYaml(text, 'environment.yaml')),
    target('labels', 'role: web\nsite: muc\n', (text) => parseLabelsYaml(text, 'labels.yaml')),
  ];
}

function textTargets(): FuzzTarget[] {
  const host = { id: 'a'.repeat(32), name: 'web-1', labels: { role: 'web', site: 'muc' } };
  const places = { config: { port: 8080, name: 'x' }, tree: '/tree', data: '/data', node: '/node' };
  return [
    {
      name: 'selector',
      seedInputs: [
        'role = web and site in (muc, fra) or not (name ~ "web-*" and id exists)',
        'all',
        '((((role != "a b"))))',
        'role ~ "*a*a*a*a*a*b"',
      ].map(bytes),
      parse: (input) => {
        const selector = parseSelector(textOf(input));
        parseSelector(printSelector(selector));
        return selects(selector, host as never);
      },
    },
    {
      name: 'versions and ranges',
      seedInputs: ['2.4.0\n^2.1.0', '1.0.0-rc.1+b\n>=1.0.0 <2.0.0 || 3.x', '1.2.3\n1 - 2'].map(bytes),
      parse: (input) => {
        const [version = '', range = ''] = textOf(input).split('\n');
        return isVersion(version) && inRange(version, range);
      },
    },
    {
      name: 'JUnit file',
      seedInputs: [
        '<?xml version="1.0"?><testsuites><testsuite name="a"><testcase classname="a" name="b &amp; &#x41;"><failure message="c">d</failure></testcase></testsuite></testsuites>',
        "<testsuite><!-- x --><testcase name='a'><error><![CDATA[b]]></error></testcase><testcase name='c'><skipped/></testcase></testsuite>",
      ].map(bytes),
      parse: (input) => readJunit(textOf(input)),
    },
    {
      name: 'cursor of news',
      seedInputs: [bytes(`${'a'.repeat(32)}:12,${'b'.repeat(32)}:0`)],
      parse: (input) => formatNewsCursor(parseNewsCursor(textOf(input))),
    },
    {
      name: 'index of a pack',
      seedInputs: [
        encodePackIndex([[8, 40, 30_000, [['a'.repeat(64) as never, 30_000]]]]),
        encodePackIndex([]),
      ],
      parse: (input) => encodePackIndex(parsePackIndex(input).frames),
    },
    {
      name: 'placeholders',
      seedInputs: ['${node} ${tree}/main.cjs --p=${config.port} $${x}', '${config.name}$${${data}'].map(
        bytes,
      ),
      parse: (input) => [placeholdersIn(textOf(input)), fillPlaceholders(textOf(input), places)],
    },
    {
      name: 'configuration under a schema of a publisher',
      seedInputs: [
        bytes(
          JSON.stringify({
            schema: {
              type: 'object',
              properties: {
                port: { type: 'integer', minimum: 1 },
                name: { type: 'string', pattern: '^[a-z]+$' },
              },
              required: ['port'],
              additionalProperties: false,
              anyOf: [{ minProperties: 1 }, { not: {} }],
            },
            value: { port: 80, name: 'abc' },
          }),
        ),
      ],
      parse: (input) => {
        let given: { schema?: unknown; value?: unknown };
        try {
          given = JSON.parse(textOf(input)) as typeof given;
        } catch (cause) {
          throw new XylemError('E_INPUT', 'no JSON', { cause });
        }
        return issuesOf(parseSchema(given?.schema), given.value);
      },
    },
  ];
}
