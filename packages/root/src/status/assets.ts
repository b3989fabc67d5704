/** The page's own style and script: nothing is loaded from elsewhere. */
export const style = `
:root { color-scheme: light dark; --ink: #1c2127; --soft: #667080; --line: #dfe3e8; --paper: #fff; --field: #f6f7f9;
  --good: #23815a; --busy: #2a62b5; --wait: #9a6a00; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --soft: #99a3b0; --line: #2d333b; --paper: #14181d;
  --field: #1b2027; --good: #5cc49a; --busy: #7fb0ff; --wait: #e2b04a; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main, header { max-width: 72rem; margin: 0 auto; padding: 0 1.25rem; }
header { display: flex; align-items: baseline; gap: 1rem; padding-top: 1.5rem; }
h1 { font-size: 1.2rem; margin: 0; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
h3 { font-size: .95rem; margin: 1.25rem 0 .35rem; color: var(--soft); font-weight: 600; }
.soft, small { color: var(--soft); } code { font: 13px ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .9rem .3rem 0; vertical-align: top; }
th { color: var(--soft); font-weight: 500; font-size: .85rem; } tr + tr td, thead + tbody tr td { border-top: 1px solid var(--line); }
.scroll { overflow-x: auto; }
.state { white-space: nowrap; } .state::before { content: "●"; margin-right: .4em; color: var(--soft); }
.ok::before, .succeeded::before { color: var(--good); } .updating::before, .running::before { color: var(--busy); }
.waiting::before, .paused::before, .joined::before { color: var(--wait); }
.failed::before, .silent::before, .aborted::before { color: var(--bad); }
.counts { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; margin: .5rem 0; list-style: none; }
.card { background: var(--field); border: 1px solid var(--line); border-radius: 8px; padding: .75rem 1rem; margin: .6rem 0; }
progress { width: 100%; height: .5rem; accent-color: var(--busy); }
.tree, .tree ul { list-style: none; margin: 0; padding-left: 1.1rem; border-left: 1px solid var(--line); }
.tree { padding-left: 0; border: 0; } .tree li { padding: .12rem 0; }
.warn { border-color: var(--bad); }
input { font: inherit; padding: .4rem .6rem; border: 1px solid var(--line); border-radius: 6px; width: 26rem; max-width: 100%;
  background: var(--paper); color: inherit; }
.button, button { font: inherit; padding: .4rem .9rem; border: 1px solid var(--line); border-radius: 6px; background: var(--field); color: inherit;
  text-decoration: none; }
footer { margin: 2.5rem 0 1.5rem; }
`;

/** Asks for the page's inside every two seconds while it is looked at. */
export const script = `
const main = document.querySelector('main');
const note = document.querySelector('#live');
let last = '';
async function draw() {
  if (document.hidden) return;
  try {
    const answer = await fetch('/status/fragment', { headers: { accept: 'text/html' } });
    if (answer.status === 401) { location.reload(); return; }
    if (!answer.ok) throw new Error(answer.status);
    const text = await answer.text();
    if (text !== last) { main.innerHTML = text; last = text; }
    note.textContent = 'live';
  } catch { note.textContent = 'the root server does not answer'; }
}
setInterval(draw, 2000);
document.addEventListener('visibilitychange', draw);
`;
