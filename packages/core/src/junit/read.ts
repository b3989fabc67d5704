import { XylemError } from '../errors.ts';
import { type JunitSummary, mostFailedTests } from '../wire/jobs.ts';
import { type Tag, tagsIn } from './tags.ts';

const bad = new Set(['failure', 'error']);
const mostText = 1_000;

/** One `testcase`, while it is open. */
interface Case {
  readonly name: string;
  fault: { readonly kind: string; message: string; readonly hasMessage: boolean } | null;
  isSkipped: boolean;
}

/**
 * Counts the test cases of a JUnit XML file by themselves, whatever its suites say of them. Made for hostile input: no
 * document type, no entity but XML's five and numbers, bounded depth and bounded findings. Pure.
 * @throws XylemError E_JUNIT_INVALID saying what is wrong
 */
export function readJunit(text: string): JunitSummary {
  const counts = { tests: 0, failures: 0, errors: 0, skipped: 0 };
  const failed: { name: string; message: string }[] = [];
  const open: string[] = [];
  let root: string | null = null;
  let now: Case | null = null;
  for (const token of tagsIn(text)) {
    if (token.kind === 'text') {
      const fault = now?.fault ?? null;
      const isInside = bad.has(open.at(-1) ?? '');
      if (fault !== null && isInside && !fault.hasMessage && fault.message.length < mostText)
        fault.message += token.text.slice(0, mostText);
      continue;
    }
    if (token.kind === 'open') {
      if (root === null) root = rootOf(token);
      else if (open.length === 0) throw invalid('it has more than one outermost element');
      if (open.length > 64) throw invalid('it is nested more than 64 deep');
      if (token.name === 'testcase') {
        if (now !== null) throw invalid('a testcase stands in a testcase');
        now = { name: nameOf(token), fault: null, isSkipped: false };
      } else if (now !== null && open.at(-1) === 'testcase') now = within(now, token);
      open.push(token.name);
      continue;
    }
    if (open.pop() !== token.name) throw invalid(`</${token.name.slice(0, 64)}> closes nothing`);
    if (token.name !== 'testcase' || now === null) continue;
    counts.tests += 1;
    if (now.fault !== null) {
      counts[now.fault.kind === 'error' ? 'errors' : 'failures'] += 1;
      if (failed.length < mostFailedTests)
        failed.push({ name: now.name, message: readable(now.fault.message) });
    } else if (now.isSkipped) counts.skipped += 1;
    now = null;
  }
  if (root === null) throw invalid('it is empty');
  if (open.length > 0) throw invalid(`<${(open.at(-1) ?? '').slice(0, 64)}> is not closed; it was cut off`);
  return { ...counts, failed };
}

function rootOf({ name }: Tag): string {
  if (name === 'testsuites' || name === 'testsuite') return name;
  throw invalid(`its outermost element is <${name.slice(0, 64)}>, not <testsuites> or <testsuite>`);
}

function nameOf({ attributes }: Tag): string {
  const group = attributes.get('classname') ?? '';
  const name = attributes.get('name') ?? '';
  return readable(group === '' || name.startsWith(group) ? name : `${group} ${name}`);
}

/** A testcase with what was said inside of it. The first fault counts. Pure. */
function within(one: Case, { name, attributes }: Tag): Case {
  if (name === 'skipped') return { ...one, isSkipped: true };
  if (!bad.has(name) || one.fault !== null) return one;
  const message = attributes.get('message') ?? '';
  return { ...one, fault: { kind: name, message, hasMessage: message !== '' } };
}

/** One line without control characters, of at most 1,000 characters. */
function readable(text: string): string {
  return Array.from(text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim())
    .slice(0, mostText / 2)
    .join('')
    .toWellFormed();
}

function invalid(why: string): XylemError {
  return new XylemError('E_JUNIT_INVALID', `The JUnit file can't be read: ${why}.`);
}
