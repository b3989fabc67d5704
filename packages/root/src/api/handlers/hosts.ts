import { timeOf, XylemError } from '@xylem/core';
import { orderAdoption } from '../../adoption/order.ts';
import type { Within } from '../../auth/access.ts';
import type { Who } from '../../auth/api-tokens.ts';
import { requireServable } from '../../auth/serves.ts';
import { visibleProducts } from '../../auth/visible.ts';
import {
  allEnvironments,
  environmentNamed,
  fullName,
  noEnvironment,
  splitName,
} from '../../environments/names.ts';
import { changedOf, changeHosts } from '../../hosts/change.ts';
import { refuseMisfit } from '../../hosts/check-config.ts';
import { forgetBoots } from '../../hosts/clones.ts';
import { type HostRecord, hostsIn } from '../../hosts/host-rows.ts';
import { keptThrough } from '../../hosts/kept.ts';
import { apiLimit, limiting, refuseUnevaluable } from '../../hosts/limits.ts';
import { awaitMoved } from '../../hosts/moved.ts';
import { apiPins, pinning, unpinning } from '../../hosts/pins.ts';
import { undoReverts } from '../../hosts/reverts.ts';
import { scopesOf } from '../../hosts/revoked.ts';
import { hostNamed, selectHosts } from '../../hosts/select.ts';
import { replaceHost } from '../../hosts/successors.ts';
import { apiHost } from '../../hosts/view.ts';
import { directedTo, environmentRefs, viewsOf } from '../../hosts/views.ts';
import { whyHost } from '../../hosts/why.ts';
import { askForMove, isWithin } from '../../moves/ask.ts';
import { sidesOf } from '../../moves/rows.ts';
import { apiMove } from '../../moves/show.ts';
import { refuseReparenting } from '../../reparenting/rows.ts';
import type { Root } from '../../root.ts';
import type { BodyOf } from '../contract.ts';
import type { Handlers } from '../handlers.ts';
import type { Host, HostQuery, HostSelection } from '../schemas/index.ts';

type Own =
  | 'hostList'
  | 'hostShow'
  | 'hostWhy'
  | 'hostLabel'
  | 'hostConfigure'
  | 'hostPin'
  | 'hostUnpin'
  | 'hostMove'
  | 'hostLimit'
  | 'hostServe'
  | 'hostRetire'
  | 'hostRevoke'
  | 'hostClearClone'
  | 'hostReplace'
  | 'hostAdopt'
  | 'hostUndoRevert'
  | 'hostMoveEnvironment';

const defaultLimit = 1000;

export function hostHandlers(root: Root): Pick<Handlers, Own> {
  const { db } = root;
  const unknown = (id: string) => ({ id, name: id });
  return {
    hostList: async ({ query, who }) => {
      const within = who.access.within('read');
      const options = { tenant: root.config.tenant, within, withRetired: query.retired === 'true' };
      const hosts = await selectHosts(db, selectionOf(query), options);
      const limit = Number(query.limit ?? defaultLimit);
      const page = hosts.filter((host) => query.after === undefined || host.id > query.after).slice(0, limit);
      const names = await environmentRefs(root);
      const views = await viewsOf(root, page);
      const hidden = await hiddenHosts(root, within);
      return {
        hosts: views.map((view) =>
          withoutParents(
            hidden,
            apiHost(view, names.get(view.host.environment) ?? unknown(view.host.environment)),
          ),
        ),
        total: hosts.length,
      };
    },
    hostShow: async ({ params, who }) => {
      const within = who.access.within('read');
      const host = await hostNamed(db, params.host, within);
      const hidden = await hiddenHosts(root, within);
      const names = await environmentRefs(root);
      const [view] = await viewsOf(root, [host]);
      if (view === undefined) throw new TypeError('a host has a view');
      return {
        ...withoutParents(hidden, apiHost(view, names.get(host.environment) ?? unknown(host.environment))),
        facts: { ...view.report?.facts },
        waiting: (view.report?.waiting ?? []).map((waiting) => ({ ...waiting })),
        adoptions: (view.report?.adoptions ?? []).map((one) => ({
          component: one.component,
          outcome: one.outcome,
          at: one.at,
          by: one.by,
          version: one.version ?? null,
          code: one.code ?? null,
          message: one.message ?? null,
        })),
        transfer: view.report === null ? null : { ...view.report.transfer },
        certificateExpires: timeOf(host.certificateExpiresMs),
        movingFrom: await whereFrom(root, host.movingFrom, within),
        pinned: apiPins(host.pinned),
        parentsRule: host.parentsRule,
        drained: host.drained,
        mostChildren: host.mostChildren,
        limits: host.limits.map(apiLimit),
        config: Object.fromEntries(
          Object.entries(host.config).map(([name, values]) => [name, { ...values }]),
        ),
      };
    },
    hostWhy: ({ params, who }) => whyHost(root, params.host, who.access.within('read')),
    hostLabel: ({ body, who }) =>
      changeHosts(root, body.select, {
        what: 'host.label',
        who,
        dryRun: body.dryRun ?? false,
        change: (host) => {
          const labels = { ...host.labels, ...body.set };
          for (const key of body.remove ?? []) delete labels[key];
          if (isSame(host.labels, labels)) return null;
          const kept = keptThrough(directedTo(root, host), host, labels);
          return { labels: JSON.stringify(labels), kept: JSON.stringify(kept) };
        },
      }),
    hostMove: ({ body, who }) =>
      changeHosts(root, body.select, {
        what: 'host.move',
        who,
        dryRun: body.dryRun ?? false,
        check: (hosts) => refuseReparenting(db, hosts),
        change: ({ parents, parentsRule }) =>
          isSame(parents, body.parents) && parentsRule === null
            ? null
            : { parents: JSON.stringify(body.parents), parents_rule: null },
      }),
    hostMoveEnvironment: async ({ body, who }) => {
      const names = new Map((await allEnvironments(db)).map((row) => [row.id, row]));
      const within = who.access.within('operate');
      const hosts = await selectHosts(db, body.select, { tenant: root.config.tenant, within });
      if (hosts.length === 0) throw new XylemError('E_NOT_FOUND', 'The selection fits no host.');
      const target = splitName(body.environment, root.config.tenant);
      if (!isWithin(hosts, names, target.tenant)) return await askFor(body, hosts, target, who);
      if (body.keepData !== undefined || body.expiresInSeconds !== undefined)
        throw new XylemError(
          'E_INPUT',
          'Within a tenant hosts keep their data, and nothing has to be approved.',
        );
      const to = await environmentNamed(db, body.environment, root.config.tenant);
      if (!who.access.in('operate', to)) {
        throw noEnvironment(fullName(to));
      }
      const moved = await changeHosts(root, body.select, {
        what: 'host.move-environment',
        who,
        dryRun: body.dryRun ?? false,
        change: (host) => {
          if (host.environment === to.id) return null;
          const from = names.get(host.environment);
          // Only an answer to both at once could differ from what was looked at above.
          if (from?.tenant !== to.tenant)
            throw new XylemError('E_BUSY', `${host.name} has just left its tenant.`);
          if (host.movingFrom !== null && host.movingFrom !== to.id) {
            throw new XylemError('E_BUSY', `${host.name} is still on its way to ${fullName(from)}.`);
          }
          return { environment: to.id, moving_from: host.environment, kept: '{}' };
        },
        // First there, so that whom the old environment sends is awaited.
        written: () => awaitMoved(root, to.id),
      });
      return { ...moved, asks: false, request: null };
    },
    hostConfigure: async ({ body, who }) => {
      await refuseMisfit(db, body.component, body.set ?? {}, await visibleProducts(db, who.access));
      return await changeHosts(root, body.select, {
        what: 'host.configure',
        who,
        dryRun: body.dryRun ?? false,
        change: ({ config }) => {
          const values: Record<string, unknown> = { ...config[body.component], ...body.set };
          for (const key of body.remove ?? []) delete values[key];
          const { [body.component]: before, ...others } = config;
          const next = Object.keys(values).length === 0 ? others : { ...others, [body.component]: values };
          return isSame(before ?? {}, values) ? null : { config: JSON.stringify(next) };
        },
      });
    },
    hostPin: ({ body, who }) => {
      const pin = { reason: body.reason, by: who.name, sinceMs: root.clock.now() };
      return changeHosts(root, body.select, {
        what: 'host.pin',
        who,
        dryRun: body.dryRun ?? false,
        change: ({ pinned }) => pinning(pinned, body.components, pin),
      });
    },
    hostUnpin: ({ body, who }) =>
      changeHosts(root, body.select, {
        what: 'host.unpin',
        who,
        dryRun: body.dryRun ?? false,
        change: ({ pinned }) => unpinning(pinned, body.components),
      }),
    hostLimit: async ({ body, who }) => {
      refuseUnevaluable(body.limits);
      return await changeHosts(root, body.select, {
        what: 'host.limit',
        who,
        dryRun: body.dryRun ?? false,
        change: ({ limits }) => limiting(limits, body.limits),
      });
    },
    hostServe: async ({ body, who }) => {
      if (!body.serve && (body.serves ?? []).length > 0) {
        throw new XylemError('E_INPUT', 'What hosts may serve is named, but they shall not serve.');
      }
      requireServable(who.access, body.serves ?? [], root.config.tenant);
      return await changeHosts(root, body.select, {
        what: 'host.serve',
        who,
        dryRun: body.dryRun ?? false,
        change: (host) => {
          const serves = body.serve ? (body.serves ?? (host.serve ? host.serves : [])) : [];
          const most = body.serve ? (body.children ?? host.mostChildren) : null;
          const isSo =
            host.serve === body.serve &&
            (!body.serve || (isSame(host.serves, serves) && host.mostChildren === most));
          if (isSo) return null;
          return { serve: body.serve ? 1 : 0, serves: JSON.stringify(serves), most_children: most };
        },
      });
    },
    hostRevoke: ({ body, who }) =>
      changeHosts(root, body.select, {
        what: 'host.revoke',
        who,
        dryRun: body.dryRun ?? false,
        withRetired: true,
        change: ({ revoked }) =>
          revoked !== null ? null : { retired: 1, revoked_ms: root.clock.now(), revoked_reason: body.reason },
        note: ({ name, token }) => ({ name, joinedBy: `token/${token}` }),
        written: () => root.revoked.reload(),
        alsoIn: (hosts) => scopesOf(db, hosts),
      }),
    hostClearClone: async ({ body, who }) => {
      const cleared: string[] = [];
      return await changeHosts(root, body.select, {
        what: 'host.clear-clone',
        who,
        dryRun: body.dryRun ?? false,
        change: ({ id, cloned }) => {
          if (cloned === null) return null;
          cleared.push(id);
          return { cloned: null };
        },
        written: () => forgetBoots(db, cleared),
      });
    },
    hostReplace: async ({ body, who }) => {
      const within = who.access.within('operate');
      const [old, next] = [await hostNamed(db, body.old, within), await hostNamed(db, body.next, within)];
      if (old.id === next.id || old.environment !== next.environment || next.retired) {
        throw new XylemError(
          'E_CONFLICT',
          'A host is replaced by another one that lives in the same environment.',
        );
      }
      const change = { old: old.id, next: next.id, who: who.name, takesOver: true };
      await db.transaction().execute((trx) => replaceHost(trx, change, root.clock.now()));
      await root.deploying.evaluate(old.environment);
      await root.directing.publish(old.environment);
      return { old: old.id, next: next.id, name: next.name };
    },
    hostAdopt: ({ body, who }) => orderAdoption(root, body, who),
    hostUndoRevert: ({ body, who }) => undoReverts(root, body, who),
    hostRetire: ({ body, who }) =>
      changeHosts(root, body.select, {
        what: 'host.retire',
        who,
        dryRun: body.dryRun ?? false,
        withRetired: true,
        change: ({ retired }) => (retired ? null : { retired: 1 }),
      }),
  };

  async function askFor(
    body: BodyOf<'hostMoveEnvironment'>,
    hosts: readonly HostRecord[],
    to: { tenant: string; environment: string },
    who: Who,
  ) {
    const { keepData = false, expiresInSeconds, dryRun = false } = body;
    const request = await askForMove(root, { hosts, to, keepData, expiresInSeconds, who, dryRun });
    const names = await environmentRefs(root);
    const shown = request === null ? null : apiMove(request, sidesOf(request, who.access.within('read')));
    return { ...changedOf(hosts, hosts.length, names), asks: true, request: shown };
  }

  function selectionOf(query: HostQuery): HostSelection {
    const environments = query.environment === undefined ? undefined : [query.environment].flat();
    return {
      ...(environments === undefined ? {} : { environments }),
      ...(query.where === undefined ? {} : { where: query.where }),
      ...(query.site === undefined ? {} : { site: query.site }),
    };
  }
}

/** Of a host that comes from another tenant, that is all that is said. */
async function whereFrom({ db }: Root, id: string | null, within: Within): Promise<string | null> {
  if (id === null) return null;
  const row = (await allEnvironments(db)).find((one) => one.id === id);
  if (row === undefined) return id;
  return within(row) ? fullName(row) : row.tenant;
}

/** Hosts that do not exist for whoever asks: a relay of another tenant may be the parent of one that does. */
async function hiddenHosts(root: Root, within: Within): Promise<ReadonlySet<string>> {
  const others = (await allEnvironments(root.db)).filter((row) => !within(row)).map(({ id }) => id);
  return new Set((await hostsIn(root.db, others)).map(({ id }) => id));
}

function withoutParents(hidden: ReadonlySet<string>, host: Host): Host {
  const { parent } = host;
  return parent?.host != null && hidden.has(parent.host)
    ? { ...host, parent: { ...parent, host: null } }
    : host;
}

/** Key order does not matter for labels; the order of parents does. */
function isSame(a: object, b: object): boolean {
  const canonical = (value: object) =>
    JSON.stringify(Array.isArray(value) ? value : Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)));
  return canonical(a) === canonical(b);
}
