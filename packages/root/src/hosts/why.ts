import { errorCodes, isErrorCode, parseSelector, type Report, selects, timeOf } from '@xylem/core';
import type { HostWhy } from '../api/schemas/hosts.ts';
import type { Root } from '../root.ts';
import { hostNamed } from './select.ts';
import { agoText, type HostView } from './view.ts';
import { viewsOf } from './views.ts';

type Link = HostWhy['links'][number];

const ok = (link: string, detail: string): Link => ({ link, ok: true, detail, advice: null });
const broken = (link: string, detail: string, advice: string): Link => ({ link, ok: false, detail, advice });

/** Why a host is not where it should be, along the whole chain; all links are shown, the first broken one answers. */
export async function whyHost(root: Root, text: string): Promise<HostWhy> {
  const host = await hostNamed(root.db, text);
  const [view] = await viewsOf(root, [host]);
  if (view === undefined) throw new TypeError('a host has a view');
  const links = [
    await released(root, view),
    await directed(root, view),
    assigned(root, view),
    reported(root, view),
    parentLink(view),
    received(root, view),
    ...installed(view),
  ];
  const first = links.find((link) => !link.ok);
  const answer = first?.detail ?? `${host.name} runs what it should.`;
  return { host: { id: host.id, name: host.name }, answer, links };
}

async function released(root: Root, { wanted }: HostView): Promise<Link> {
  for (const { product, release, version } of wanted) {
    const row = await root.db
      .selectFrom('releases')
      .select('withdrawn')
      .where('product', '=', product)
      .where('release', '=', release)
      .executeTakeFirst();
    if (row?.withdrawn === 1) {
      return broken(
        'release',
        `${product} with ${version} was withdrawn by its publisher.`,
        'Deploy another release.',
      );
    }
  }
  return ok(
    'release',
    wanted.length === 0 ? 'Nothing is assigned.' : 'The releases are published and not withdrawn.',
  );
}

async function directed(root: Root, { host }: HostView): Promise<Link> {
  const state = root.directing.state(host.environment);
  if (root.restored.isRestored()) {
    return broken(
      'direction',
      'The root server was restored from a backup and directs nothing new until a person confirms.',
      'Look at `xylem root restore --difference` and confirm.',
    );
  }
  if (host.retired)
    return broken('direction', `${host.name} was retired.`, 'Join it again if it should come back.');
  if (state === null)
    return broken('direction', 'Nothing was directed in its environment yet.', 'Deploy a release.');
  return ok('direction', `Desired state ${state.number} was signed ${state.issued}.`);
}

function assigned(root: Root, { host, wanted }: HostView): Link {
  const state = root.directing.state(host.environment);
  if (wanted.length > 0) {
    return ok('assignment', `It is given ${wanted.map((w) => `${w.component}@${w.version}`).join(', ')}.`);
  }
  if (state === null || state.assignments.length === 0)
    return ok('assignment', 'Nothing is assigned in its environment.');
  const selectable = { id: host.id, name: host.name, labels: host.labels };
  const selectors = [...new Set(state.assignments.map((a) => a.where))];
  const isSelected = selectors.some((where) => selects(parseSelector(where), selectable));
  return isSelected
    ? ok('assignment', 'A running deployment has not admitted it yet.')
    : broken(
        'assignment',
        `No component's selector fits its labels (${selectors.map((w) => w || 'all').join('; ')}).`,
        'Label it, or change the selectors in the environment.',
      );
}

function reported(root: Root, view: HostView): Link {
  const { report, state, host } = view;
  if (report === null || view.receivedMs === null) {
    return broken(
      'report',
      `It joined ${timeOf(host.joinedMs)} and has never reported.`,
      'Start `xylem agent run` there.',
    );
  }
  const ago = agoText(timeOf(view.receivedMs), root.clock.now());
  if (state === 'silent') {
    return broken(
      'report',
      `Its last report came ${ago} ago.`,
      'Is the host on, and does it reach a parent?',
    );
  }
  return ok('report', `Its last report came ${ago} ago (number ${report.sequence}).`);
}

function parentLink({ report }: HostView): Link {
  if (report === null) return ok('parent', 'Unknown until it reports.');
  const { url, host } = report.parent;
  if (url === null) return broken('parent', 'It reaches none of its parents.', 'See whether its relays run.');
  return ok('parent', `It pulls from ${url}${host === null ? '' : ` (host ${host.slice(0, 8)})`}.`);
}

function received(root: Root, { host, report }: HostView): Link {
  const state = root.directing.state(host.environment);
  if (report === null || state === null) return ok('news', 'Nothing to receive yet.');
  if (report.direction.number >= state.number)
    return ok('news', `It has desired state ${report.direction.number}.`);
  const blocked = report.waiting.find((waiting) => waiting.component === null);
  return broken(
    'news',
    `It has desired state ${report.direction.number}, and ${state.number} is current${blocked ? `: ${blocked.message}` : ''}.`,
    blocked ? adviceFor(blocked.code) : 'The news is on its way; if it stays so, see the relays above it.',
  );
}

function installed({ components, report }: HostView): Link[] {
  return components.map((c) => {
    const name = `component ${c.component}`;
    const waiting = report?.waiting.find((entry) => entry.component === c.component);
    if (c.wantedPackage === null) {
      return broken(
        name,
        `${c.component}@${c.version} is still there and should not be.`,
        'It is being removed.',
      );
    }
    if (c.refused !== null && c.refused.package === c.wantedPackage) {
      return broken(name, `It refused ${c.wantedVersion}: ${c.refused.message}`, adviceFor(c.refused.code));
    }
    if (waiting !== undefined)
      return broken(name, waitingText(c.component, waiting), adviceFor(waiting.code));
    if (c.package !== c.wantedPackage) {
      const runs = c.version === null ? 'nothing yet' : c.version;
      return broken(
        name,
        `${c.component} runs ${runs} and should run ${c.wantedVersion}.`,
        'It is under way.',
      );
    }
    if (c.state === 'failed' || c.healthy === false) {
      return broken(
        name,
        `${c.component}@${c.version} is ${c.state} and not healthy.`,
        adviceFor('E_HEALTH_FAILED'),
      );
    }
    return ok(name, `${c.component}@${c.version} is ${c.state}${c.healthy === true ? ' and healthy' : ''}.`);
  });
}

function waitingText(component: string, { message, since }: Report['waiting'][number]): string {
  return `${component} waits since ${since}: ${message}`;
}

/** Codes may come from a newer agent, which knows more of them. */
function adviceFor(code: string): string {
  return isErrorCode(code) ? errorCodes[code].advice : "See the host's log.";
}
