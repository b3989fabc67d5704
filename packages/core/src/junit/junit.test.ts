import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XylemError } from '../errors.ts';
import { jcs } from '../jcs.ts';
import { readJunit } from './read.ts';

const suites = `<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand -->
<testsuites tests="99" failures="0">
  <testsuite name="cart" tests="4">
    <properties><property name="x" value="a&gt;b"/></properties>
    <testcase classname="cart" name="adds"><failure message="expected 1 &amp; found &#x30;">at <b>line</b> 3</failure></testcase>
    <testcase classname="cart" name='says "&lt;"'/>
    <testcase name="later"><skipped/></testcase>
    <testsuite name="inner">
      <testcase classname="a" name="breaks"><error><![CDATA[Boom <&
of two lines]]></error><failure message="second"/></testcase>
    </testsuite>
  </testsuite>
</testsuites>`;

test('cases are counted by themselves, and those that failed are named', () => {
  assert.deepEqual(readJunit(suites), {
    tests: 4,
    failures: 1,
    errors: 1,
    skipped: 1,
    failed: [
      { name: 'cart adds', message: 'expected 1 & found 0' },
      { name: 'a breaks', message: 'Boom <& of two lines' },
    ],
  });
  assert.deepEqual(readJunit('\uFEFF<testsuite></testsuite>').tests, 0);
});

const hostile: Readonly<Record<string, readonly [string, RegExp]>> = {
  'a document type': [
    '<!DOCTYPE a [<!ENTITY b "c">]><testsuite><testcase name="&b;"/></testsuite>',
    /a document type/,
  ],
  'an entity of its own': ['<testsuite><testcase name="&b;"/></testsuite>', /an entity/],
  'an entity without an end': ['<testsuite>&amp<testcase/></testsuite>', /an entity/],
  'a character beyond Unicode': ['<testsuite>&#x110000;</testsuite>', /an entity/],
  'another document': ['<html></html>', /outermost element is <html>/],
  nothing: [' ', /it is empty/],
  'the half of one': [suites.slice(0, 400), /cut off/],
  'a wrong end': ['<testsuite></testcase>', /closes nothing/],
  'two documents': ['<testsuite/><testsuite/>', /more than one/],
  'a depth without end': ['<testsuite>'.repeat(100_000), /nested/],
  'a case in a case': ['<testsuite><testcase><testcase/></testcase></testsuite>', /stands in a testcase/],
  'something that is no XML': ['<testsuite a b="1"/>', /no attribute/],
};
for (const [what, [text, message]] of Object.entries(hostile)) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => readJunit(text),
      (error) =>
        error instanceof XylemError && error.code === 'E_JUNIT_INVALID' && message.test(error.message),
    );
  });
}

test('what is read fits into a report, however much and whatever failed', () => {
  const one = `<testcase name="\uD800${'n'.repeat(5_000)}&#xD801;"><failure>${'long '.repeat(5_000)}</failure></testcase>`;
  const summary = readJunit(`<testsuite>${one.repeat(1_000)}</testsuite>`);
  assert.deepEqual([summary.tests, summary.failures, summary.failed.length], [1_000, 1_000, 50]);
  const bytes = Buffer.byteLength(jcs(summary));
  assert.ok(bytes < 200_000, `${bytes}`);
});
