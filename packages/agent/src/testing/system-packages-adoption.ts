import assert from 'node:assert/strict';
import { existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { suite, type TestContext, test } from 'node:test';
import { silentLog } from '@xylem/platform';
import type { Adoption } from '../adopt/adoptions.ts';
import { packagesRecord } from '../drivers/system-packages/record.ts';
import type { ObservedSlot } from '../slot/observed.ts';
import { adoptingHost } from './adopting.ts';
import { converge } from './crash-sweep.ts';
import type { TestPackage } from './packages.ts';
import type { SystemPackagesMachine, TestSystemPackage } from './system-packages-contract.ts';

/** One that installs nothing which it has not adopted; its component is `web`. */
export async function observingHost(context: TestContext) {
  const { run, order, layout } = await adoptingHost(context, 'web');
  const own = layout.component('web');
  const record = packagesRecord(own.packages, silentLog);
  const adopt = async (...packages: TestPackage[]): Promise<Adoption> =>
    (await order(packages)) ?? assert.fail('nothing was said of the order');
  return {
    /** Leads it there. @returns how the component is, and what keeps it */
    to: async (
      ...packages: TestPackage[]
    ): Promise<{ waits: string | null; message: string; slot: ObservedSlot | undefined }> => {
      const { waiting, slots } = await run(packages);
      const { code = null, message = '' } = waiting.get('web') ?? {};
      return { waits: code, message, slot: slots.get('web') };
    },
    adopt,
    /** It has to succeed. @returns what is said besides */
    adopted: async (...packages: TestPackage[]): Promise<string | null> => {
      const { outcome, message } = await adopt(...packages);
      assert.equal(outcome, 'adopted', message ?? '');
      return message;
    },
    giveBack: async (...packages: TestPackage[]): Promise<Adoption> =>
      (await order(packages, true)) ?? assert.fail('nothing was said of the order'),
    /** What is remembered of its packages; null: nothing. */
    record: () => record.read(),
    /** As an agent leaves it that was killed while it changed them. */
    breakOff: async (): Promise<void> =>
      record.write({ ...((await record.read()) ?? assert.fail('nothing is remembered')), unfinished: true }),
    /** Whether the package system was ever told to do anything for it. */
    hasActed: (): boolean => existsSync(own.log),
  };
}

const differencesIn = ({ differences }: Adoption): string[] =>
  (differences?.named ?? []).map(({ path, what }) => `${path} ${what}`);

/** What every driver of a package system promises of what others installed, and is adopted. */
export function systemPackagesAdoption(machine: SystemPackagesMachine): void {
  const { make, component, versionOf, installByHand } = machine;
  const web = (version: string, ...packages: TestSystemPackage[]): TestPackage =>
    component({ component: 'web', version, packages });

  /** A program, its configuration and what it needs, as somebody installed them. */
  const shop = (name: string) => {
    const [conf, program] = [`/etc/${name}.conf`, `/usr/lib/${name}/run`];
    const lib = make({ name: `${name}-lib`, version: '1.0', asNeeded: true });
    const main = (version: string, content: string): TestSystemPackage =>
      make({
        name,
        version,
        files: { [conf]: `of ${version}\n`, [program]: content },
        modes: { [program]: 0o755 },
        configs: [conf],
        requires: [[`${name}-lib`]],
      });
    // Made once: what is built again is another build.
    const made = new Map<string, TestSystemPackage>();
    const at = (version: string, content = 'of a program'): TestSystemPackage[] => {
      const key = `${version} ${content}`;
      const own = made.get(key) ?? main(version, content);
      made.set(key, own);
      return [own, lib];
    };
    const release = (version: string): TestPackage => web(`${version}.0`, ...at(version));
    const versions = (): unknown => [name, `${name}-lib`].map(versionOf);
    /** A file written anew with the same bytes is another one. */
    const looks = (): unknown =>
      [conf, program, `/usr/share/${name}-lib/version`].map((path) => {
        const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
        return stat === undefined ? null : [stat.ino, stat.ctimeNs, stat.mode];
      });
    return { name, conf, program, at, release, versions, looks };
  };

  suite(`adoption of system packages: ${machine.kind}`, () => {
    test('what is installed as released is adopted with nothing touched, and led from then on; what it needs stays', async (context) => {
      const { name, conf, at, release, versions, looks } = shop('xt-adopted');
      installByHand(...at('1.0'));
      writeFileSync(conf, 'by the administrator\n');
      const before = looks();
      const own = await observingHost(context);
      const { waits, message: would } = await own.to(release('1.0'));
      assert.equal(waits, 'E_OBSERVING');
      assert.match(would, new RegExp(`Found here: ${name} is 1\\.0`));
      assert.equal((await own.giveBack(release('1.0'))).code, 'E_NOT_FOUND');
      const message = await own.adopted(release('1.0'));
      assert.match(message ?? '', new RegExp(`^Kept as it is: ${conf} has`));
      assert.deepEqual(looks(), before);
      assert.equal(own.hasActed(), false);
      const record = await own.record();
      assert.deepEqual(Object.keys(record?.packages ?? {}), [name]);
      assert.equal(record?.packages[name]?.before, null);
      const { slot } = await own.to(release('1.0'));
      assert.equal(slot?.running?.differs, undefined);
      assert.deepEqual(looks(), before);

      assert.equal((await own.to(release('2.0'))).waits, null);
      assert.deepEqual(versions(), ['2.0', '1.0']);
      assert.equal((await own.to(release('1.0'))).waits, null);
      assert.deepEqual(versions(), ['1.0', '1.0']);
      assert.equal(readFileSync(conf, 'utf8'), 'by the administrator\n');
      assert.equal((await own.to()).waits, null);
      assert.deepEqual(versions(), [null, '1.0']);
    });

    test('it is given back as it is then, and nothing is removed', async (context) => {
      const { name, at, release, versions, looks } = shop('xt-given');
      installByHand(...at('1.0'));
      const own = await observingHost(context);
      await own.adopted(release('1.0'));
      const before = looks();
      assert.equal((await own.giveBack(release('1.0'))).outcome, 'given back');
      assert.deepEqual(looks(), before);
      assert.equal(await own.record(), null);
      assert.equal(own.hasActed(), false);
      await own.adopted(release('1.0'));
      assert.equal((await own.to(release('2.0'))).waits, null);
      assert.equal((await own.giveBack(release('2.0'))).outcome, 'given back');
      assert.equal((await own.to()).waits, null);
      assert.deepEqual(versions(), ['2.0', '1.0'], `${name} is others' again`);
    });

    test('while an update is broken off it is finished, and not given back', async (context) => {
      const { at, release, versions } = shop('xt-broken-off');
      installByHand(...at('1.0'));
      const own = await observingHost(context);
      await own.adopted(release('1.0'));
      await own.breakOff();
      const { outcome, code } = await own.giveBack(release('1.0'));
      assert.deepEqual([outcome, code], ['refused', 'E_CONFLICT']);
      assert.equal((await own.to(release('1.0'))).waits, null);
      assert.equal((await own.record())?.unfinished, undefined);
      assert.equal((await own.giveBack(release('1.0'))).outcome, 'given back');
      assert.deepEqual(versions(), ['1.0', '1.0']);
    });

    test('of two components that adopt one package the last one removes it', async (context) => {
      const shared = make({ name: 'xt-two', version: '1.0' });
      installByHand(shared);
      const { bench, state, layout } = await adoptingHost(context, 'web');
      const [api, front] = ['api', 'web'].map((name) =>
        component({ component: name, version: '1.0.0', packages: [shared] }),
      );
      assert.ok(api && front);
      const adopt = { api: { order: 'a'.repeat(32) }, web: { order: 'b'.repeat(32) } };
      const to = async (...packages: TestPackage[]): Promise<void> => {
        const wanted = await bench.wanted(packages, { entry: { labels: {}, adopt } as never });
        assert.deepEqual([...(await converge(state, wanted)).waiting], []);
      };
      await to(api, front);
      const before = await Promise.all(
        ['api', 'web'].map(async (name) => {
          const record = await packagesRecord(layout.component(name).packages, silentLog).read();
          return record?.packages['xt-two']?.before?.replace(/-1$/, '');
        }),
      );
      assert.deepEqual(new Set(before), new Set(['1.0', undefined]), 'one of them brought it');
      await to(api);
      assert.equal(versionOf('xt-two'), '1.0');
      await to();
      assert.equal(versionOf('xt-two'), null);
    });

    test('what is not as released is listed, and nothing is changed', async (context) => {
      const { name, program, at, release, looks } = shop('xt-other');
      const own = await observingHost(context);
      const differs = async (released: TestPackage, expected: RegExp): Promise<void> => {
        const before = looks();
        const adoption = await own.adopt(released);
        assert.deepEqual([adoption.outcome, adoption.code], ['differs', 'E_ADOPT_DIFFERS']);
        assert.match(differencesIn(adoption).join('\n'), expected);
        assert.equal((await own.to(released)).waits, 'E_OBSERVING');
        assert.equal(await own.record(), null);
        assert.equal(own.hasActed(), false);
        assert.deepEqual(looks(), before);
      };
      await differs(release('1.0'), new RegExp(`^${name} is not installed$`));
      installByHand(...at('0.9'));
      await differs(release('1.0'), new RegExp(`^${name} is 0\\.9\\S*, not 1\\.0`));
      installByHand(...at('1.0'));
      machine.hold(name);
      await differs(release('1.0'), new RegExp(`^${name} is held`));
      machine.unhold(name);
      // Found by what the package system remembers, before anything is fetched.
      writeFileSync(program, 'of a programmer');
      await differs(release('1.0'), new RegExp(`^${program} has other bytes$`));
      rmSync(program);
      await differs(release('1.0'), new RegExp(`^${program} is missing$`));
      // All is as the package system remembers it, and it was another package: only the archive tells.
      installByHand(...at('1.1', 'of another program'));
      await differs(
        web('1.1.0', ...at('1.1')),
        new RegExp(`^(${program} has other bytes|${name} is another build of 1\\.1-1)$`),
      );
      installByHand(...at('1.2'));
      await own.adopted(web('1.2.0', ...at('1.2')));
    });
  });
}
