import { array, object, string } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import type { PackagePart } from './part.ts';

/** docs/spec/adoption.md */

const absolute = string({
  title: 'an absolute path without empty, "." and ".." segments',
  pattern: '^(/(?!\\.{1,2}(/|$))[^/\\p{Cc}]+)+$',
  maxLength: 4096,
});
const below = string({
  title: 'a path below another, without empty, "." and ".." segments',
  pattern: '^(?!\\.{1,2}(/|$))[^/\\p{Cc}]+(/(?!\\.{1,2}(/|$))[^/\\p{Cc}]+)*$',
  maxLength: 4096,
});
const unit = string({
  title: 'a unit like "shop.service"',
  pattern: '^[A-Za-z0-9:_][A-Za-z0-9:_.\\\\@-]*\\.service$',
  maxLength: 255,
});

const container = string({
  title: 'the name of a container',
  pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$',
  maxLength: 255,
});

/** Where what this package replaces may run already. */
export const adoptBlock = {
  path: absolute,
  unit,
  container,
  apart: array(below, { minItems: 1, maxItems: 100 }),
};
export const adoptSchema = object({}, adoptBlock);

export type AdoptBlock = Static<typeof adoptSchema>;

export const adoptPart: PackagePart = {
  fault: ({ kind, adopt }) => {
    if (adopt?.unit !== undefined && kind !== 'service')
      return { path: ['adopt', 'unit'], sentence: 'expected for the kind "service" and for no other' };
    if (adopt?.container !== undefined && kind !== 'container')
      return { path: ['adopt', 'container'], sentence: 'expected for the kind "container" and for no other' };
    if (adopt?.apart !== undefined && adopt.path === undefined && adopt.container === undefined)
      return { path: ['adopt', 'apart'], sentence: 'expected with a path or a container' };
    return undefined;
  },
};
