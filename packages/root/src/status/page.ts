import type { Deployment, Status, Topology } from '../api/schemas/index.ts';
import type { HostView } from '../hosts/view.ts';
import { type Html, html } from './html.ts';

export interface PageData {
  readonly status: Status;
  readonly topology: Topology;
  readonly views: readonly HostView[];
  /** What is wrong with the audit log, for who administers everything. */
  readonly auditFault: string | null;
}

/** More rows than a person reads are counted, not listed; what needs a person comes first. */
const maxRows = 200;
const order = ['failed', 'silent', 'waiting', 'updating', 'joined', 'ok', 'retired', 'revoked'];

/** Whose page it is; the form by which they sign out names what only this page knows. */
export interface SignedIn {
  readonly name: string;
  readonly csrf: string;
}

export function page(inside: Html, version: string, { name, csrf }: SignedIn): Html {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Xylem</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/status/style.css"><script src="/status/script.js" defer></script></head>
<body><header><h1>Xylem</h1><small>root server ${version}</small><small id="live"></small>
<form method="post" action="/logout"><input type="hidden" name="csrf" value="${csrf}">
<small>${name}</small> <button>Sign out</button></form></header>
<main>${inside}</main></body></html>`;
}

/** @param fault why the last attempt was refused @param issuer by which people may sign in, too */
export function loginPage(fault: string | null, issuer: string | null): Html {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Xylem</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/status/style.css"></head>
<body><header><h1>Xylem</h1></header><main><h2>Status</h2>
${fault !== null && html`<p class="card warn">${fault}</p>`}
${issuer !== null && html`<p><a class="button" href="/login/oidc">Sign in with ${issuer.replace(/^https?:\/\//, '')}</a></p><h3>Or</h3>`}
<form method="post" action="/login"><p><label>Name<br>
<input name="name" autocomplete="username" required autofocus></label></p><p><label>Password<br>
<input name="password" type="password" autocomplete="current-password" required></label></p>
<button>Sign in</button></form><h3>Or</h3>
<form method="post" action="/login"><p><label>API token<br>
<input name="token" type="password" autocomplete="off" required></label></p>
<button>Show</button></form><p class="soft">A viewer's will do: the page changes nothing.</p></main></body></html>`;
}

/**
 * What a browser sees that has just come back from the issuer. It goes on by itself, which a browser takes for the
 * page's own doing and so sends the session's `SameSite=Strict` cookie; after a redirect it would not.
 */
export function enteredPage(): Html {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Xylem</title>
<meta http-equiv="refresh" content="0; url=/"><link rel="stylesheet" href="/status/style.css"></head>
<body><header><h1>Xylem</h1></header><main><p>You are signed in. <a href="/">Go on</a></p></main></body></html>`;
}

/** The inside of the page, drawn again while it is looked at. */
export function inside({ status, topology, views, auditFault }: PageData): Html {
  return html`
${auditFault !== null && html`<p class="card warn">The audit log is broken. ${auditFault}</p>`}
${
  status.restored &&
  html`<p class="card warn">This root server was restored from a backup. It directs nothing until
 the difference is confirmed: <code>xylem root difference</code></p>`
}
${status.expiring.map(
  ({
    role,
    environment: of,
    expires,
  }) => html`<p class="card warn">${of ?? 'Release repository'}: the role ${role} is
 valid until ${expires}. Sign it anew: <code>xylem keys list</code> says how.</p>`,
)}
${counts(status.hosts)}
${status.environments.length === 0 && html`<p class="soft">No environment yet: <code>xylem env create production</code></p>`}
${status.environments.map((entry) => environment(entry, views))}
<h2>Topology</h2>${tree(topology)}
<footer class="soft"><small>As of ${status.time}</small></footer>`;
}

function counts(hosts: Status['hosts']): Html {
  const entries = order.map((state) => [state, hosts[state as keyof Status['hosts']]] as const);
  return html`<ul class="counts">${entries
    .filter(([, count]) => count > 0)
    .map(([state, count]) => html`<li class="state ${state}">${count} ${state}</li>`)}</ul>`;
}

function environment(entry: Status['environments'][number], views: readonly HostView[]): Html {
  const own = views.filter(({ host }) => host.environment === entry.environment.id && !host.retired);
  return html`<section><h2>${entry.environment.name} <small>desired state ${entry.number}</small></h2>
${entry.deployments.map(deployment)}
${entry.products.map(
  ({ product, version, running }) => html`<h3>${product} ${version ?? 'not deployed'}</h3>
<div class="scroll"><table><thead><tr><th>Component</th><th>Version</th><th>Hosts</th></tr></thead><tbody>
${running.map((row) => html`<tr><td>${row.component}</td><td>${row.version}</td><td>${row.hosts}</td></tr>`)}
</tbody></table></div>`,
)}
<h3>Hosts</h3>${hostTable(own)}</section>`;
}

function deployment(entry: Deployment): Html {
  const { progress } = entry;
  const what = entry.version === null ? `undeploy ${entry.product}` : `${entry.product}@${entry.version}`;
  return html`<div class="card"><span class="state ${entry.state}">${entry.kind} ${what}</span>
 <small>${entry.id}, ${entry.state}</small>
<progress max="${progress.eligible}" value="${progress.done}"></progress><small>${entry.reason ?? ''}</small></div>`;
}

function hostTable(views: readonly HostView[]): Html {
  if (views.length === 0) return html`<p class="soft">None has joined yet.</p>`;
  const rank = (view: HostView) => order.indexOf(view.state);
  const sorted = [...views].sort((a, b) => rank(a) - rank(b) || (a.host.name < b.host.name ? -1 : 1));
  const rest = sorted.length - maxRows;
  return html`<div class="scroll"><table><thead><tr><th>Host</th><th>State</th><th>Runs</th><th>Labels</th></tr></thead><tbody>
${sorted.slice(0, maxRows).map(hostRow)}</tbody></table></div>${rest > 0 && html`<p class="soft">and ${rest} more</p>`}`;
}

function hostRow({ host, state, components, report }: HostView): Html {
  const runs = components.map((c) => {
    const change = c.package === c.wantedPackage ? '' : ` → ${c.wantedVersion ?? 'removed'}`;
    return `${c.component} ${c.version ?? 'nothing'}${change}`;
  });
  const trouble = components.find((c) => c.refused !== null)?.refused?.message ?? report?.waiting[0]?.message;
  const labels = Object.entries(host.labels).map(([key, value]) => `${key}=${value}`);
  return html`<tr><td>${host.name}<br><small><code>${host.id.slice(0, 8)}</code></small></td>
<td><span class="state ${state}">${state}</span>${trouble !== undefined && html`<br><small>${trouble}</small>`}</td>
<td>${runs.map((text) => html`${text}<br>`)}</td><td><small>${labels.join(' ')}</small></td></tr>`;
}

function tree({ root, nodes }: Topology): Html {
  const shown = nodes.slice(0, maxRows);
  const childrenOf = Map.groupBy(shown, (node) =>
    node.depth > 1 && node.parent !== null ? node.parent : '',
  );
  const list = (parent: string): Html =>
    html`${(childrenOf.get(parent) ?? []).map(
      (node) => html`<li><span class="state ${node.state}">${node.name}</span>
 <small>${node.environment}${node.url !== null && html` serves ${node.url}`}</small>
${childrenOf.has(node.id) && html`<ul>${list(node.id)}</ul>`}</li>`,
    )}`;
  const rest = nodes.length - shown.length;
  return html`<ul class="tree"><li>root server <small>${root.url}</small><ul>${list('')}</ul></li></ul>
${rest > 0 && html`<p class="soft">and ${rest} more</p>`}`;
}
