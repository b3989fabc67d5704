import { list } from '../../frame/define.ts';
import { environmentPattern } from '../../selection/environments.ts';

export const environmentOption = {
  env: list('<environment>', 'a name or pattern; may be repeated (default: all that you operate)'),
};

export const environmentsOf = (patterns: readonly string[]): { environments?: string[] } =>
  patterns.length === 0 ? {} : { environments: patterns.map(environmentPattern) };
