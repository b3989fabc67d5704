import { XylemError } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';
import { isName } from '../../frame/words.ts';
import { yesOption } from '../../selection/confirm.ts';
import { hostOptions, hostSelection, selectorHelp } from '../../selection/hosts.ts';
import { changeHosts } from './shared.ts';

const isPair = (word: string): boolean =>
  /^[A-Za-z_][\w-]*(=|-$)/.test(word) && (word.includes('=') || word.endsWith('-'));

/** `port=8081` is the number, `name="8081"` the text: a value that is JSON is read as such. */
function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Selectors, then the component, then pairs. */
function readWords(words: readonly string[]): {
  selector: readonly string[];
  component: string;
  set: Record<string, unknown>;
  remove: string[];
} {
  const first = words.findIndex((word) => word.includes('=') || /^[A-Za-z_][\w]*-$/.test(word));
  const component = first < 0 ? undefined : words[first - 1];
  const pairs = first < 0 ? [] : words.slice(first);
  if (component === undefined || !isName(component) || !pairs.every(isPair)) {
    throw new XylemError(
      'E_INPUT',
      'Write selectors, a component, then pairs: web-1 shop-api port=8081, or port- to remove one.',
    );
  }
  const set: Record<string, unknown> = {};
  const remove: string[] = [];
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals < 0) remove.push(pair.slice(0, -1));
    else set[pair.slice(0, equals)] = readValue(pair.slice(equals + 1));
  }
  return { selector: words.slice(0, first - 1), component, set, remove };
}

export const command = defineCommand({
  arguments: '<words...>',
  about: `Configuration of a component on single hosts, above that of the environment: key=value sets, key- removes.\n${selectorHelp}`,
  options: { ...hostOptions, ...yesOption },
  example: 'xylem host configure web-1 shop-api port=8081 workers-',
  async run(invocation) {
    const { args, options, api } = invocation;
    const { selector, component, set, remove } = readWords(args);
    const select = hostSelection(selector, options);
    const server = await api();
    return changeHosts(invocation, options.yes, 'configured', (dryRun) =>
      server.call('hostConfigure', { body: { select, component, set, remove, dryRun } }),
    );
  },
});
