import { XylemError } from '../errors.ts';
import { type Issue, issuesOf } from './check.ts';
import type { JsonSchema } from './json-schema.ts';

/** Nobody waits longer for the check of one component's configuration; it takes microseconds. */
const mostMs = 250;

/** What can make a check take long beyond all measure: patterns that backtrack, and alternatives that multiply. */
const slow = /"(pattern|patternProperties|anyOf|oneOf|allOf|not|if|\$ref|uniqueItems)":/;

/**
 * `issuesOf` by a schema that somebody else wrote: a publisher must not be able to hold up a root server or a host.
 * @throws XylemError E_CONFIG_INVALID when the check takes too long
 */
export function issuesWithin(schema: JsonSchema | boolean, value: unknown, max = 1): readonly Issue[] {
  if (!slow.test(JSON.stringify(schema))) return issuesOf(schema, value, max);
  const found: Issue[] = [];
  try {
    bounded(() => found.push(...issuesOf(schema, value, max)));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw cause;
    throw new XylemError(
      'E_CONFIG_INVALID',
      `The configuration can't be checked within ${mostMs} ms: a pattern or the alternatives of the package's configSchema take too long for it. The publisher must write them so that they don't backtrack.`,
      { cause },
    );
  }
  return found;
}

let boundedBy: ((act: () => void) => void) | undefined;

/** A script's time limit ends all that it calls, also the matching of a pattern. Made at first use: 4 MB. */
function bounded(act: () => void): void {
  boundedBy ??= makeBounded();
  boundedBy(act);
}

function makeBounded(): (act: () => void) => void {
  const { createContext, Script } = process.getBuiltinModule('node:vm');
  const place: { act: () => void } = { act: () => undefined };
  const context = createContext(place);
  const script = new Script('act()');
  return (act) => {
    place.act = act;
    try {
      script.runInContext(context, { timeout: mostMs });
    } finally {
      place.act = () => undefined;
    }
  };
}
