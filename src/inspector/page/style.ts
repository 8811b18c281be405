/**
 * How the page looks, light and dark, from 390 pixels on. The colours of charts are those of
 * diagrams/. It must never name anything that has to be fetched.
 */
import { styleOf } from '../../diagram/theme.ts';

const own = `
:root {
  color-scheme: light dark;
  --ink: #1e293b; --faint: #566377; --page: #fff; --panel: #f8fafc; --rule: #cbd5e1;
  --lit: #fffbeb; --mark: #b45309; --odd: #b91c1c; --live: #15803d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e2e8f0; --faint: #a3b1c6; --page: #0f172a; --panel: #162033; --rule: #334155;
    --lit: #3b2f12; --mark: #fbbf24; --odd: #f87171; --live: #4ade80;
  }
}
* { box-sizing: border-box }
body {
  margin: 0; color: var(--ink); background: var(--page);
  font: 13px/1.45 Helvetica, Arial, "Liberation Sans", sans-serif;
}
main {
  display: grid; height: 100vh;
  grid-template: auto minmax(0, 1fr) minmax(0, 14rem) / 18rem minmax(0, 1fr) 17rem;
}
select, input, .log button, .top button { font: inherit; color: inherit; background: var(--page) }
input { accent-color: var(--mark) }
input[type=search] { border: 1px solid var(--rule); border-radius: 4px }
:focus-visible { outline: 2px solid var(--mark) }
.top {
  grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: 1rem; align-items: baseline;
  padding: .5rem .8rem; border-bottom: 1px solid var(--rule);
}
fieldset { border: 0; margin: 0; padding: 0; display: flex; gap: .4rem }
.top button[aria-pressed=true] { background: var(--lit); border-color: var(--mark) }
button { border: 1px solid var(--rule); border-radius: 4px; cursor: pointer }
h1 { font-size: 1rem; margin: 0 }
.counts { color: var(--faint); margin-left: auto; font-variant-numeric: tabular-nums }
.reading::before { content: "●"; margin-right: .4em; color: var(--faint) }
.reading.live::before { color: var(--live) }
.reading.refused::before { color: var(--odd) }
nav { overflow: auto; border-right: 1px solid var(--rule); background: var(--panel) }
nav ul, .log ol { list-style: none; margin: 0; padding: .3rem }
nav button {
  display: block; width: 100%; padding: .2rem .4rem; border: 0; border-radius: 4px;
  font: inherit; color: inherit; text-align: left; background: none; cursor: pointer;
}
nav button[aria-pressed=true] { background: var(--lit); outline: 1px solid var(--mark) }
nav button i { color: var(--mark); font-style: normal }
nav button span { display: block; color: var(--faint); overflow-wrap: anywhere }
.timer { margin: 0 0 0 .9rem; color: var(--mark); font-variant-numeric: tabular-nums }
nav .budget { margin: 0 0 0 .9rem; color: var(--faint) }
meter { width: 5rem; height: .7rem }
.command { border-color: var(--mark) }
output { color: var(--faint) }
.events { flex-wrap: wrap; margin: .3rem 0 }
.events input { flex: 1; min-width: 6rem; border: 1px solid var(--rule) }
[aria-invalid=true] { outline: 2px solid var(--odd) }
.health { padding: .4rem .8rem }
.chart.health p { padding: 0 }
.health article { max-width: 60rem }
.health h2 { font-size: 1.1rem; margin: .6rem 0 .3rem }
.health h3, .health caption { font-size: .95rem; font-weight: bold; text-align: left; margin: 0 }
.badge { padding: .05rem .5rem; border-radius: 1rem; color: var(--page); background: var(--mark) }
.badge.healthy { background: var(--live) }
.badge.unresponsive { background: var(--odd) }
.health dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem; margin: 0 }
.health dt { color: var(--faint) }
.health dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums }
.health table { border-collapse: collapse; width: 100%; margin: .8rem 0 }
.health th { text-align: left; color: var(--faint); font-weight: normal }
.health th, .health td { padding: .1rem .6rem .1rem 0; border-bottom: 1px solid var(--rule) }
.health td { overflow-wrap: anywhere; vertical-align: top }
.health summary { cursor: pointer; font-variant-numeric: tabular-nums }
.chart .ends p { overflow-wrap: anywhere; color: var(--faint); margin: .2rem 0 .2rem 1rem }
.ends pre {
  margin: .2rem 0 .6rem 1rem; padding: .4rem; overflow: auto; background: var(--panel);
  border: 1px solid var(--rule); border-radius: 4px;
}
${[1, 2, 3, 4, 5, 6].map((n) => `.depth-${n} { margin-left: ${n * 0.9}rem }`).join('\n')}
.chart { overflow: auto; display: flex; flex-direction: column; min-width: 0 }
.chart header {
  display: flex; gap: 1rem; align-items: center; padding: .4rem .8rem; color: var(--faint);
}
.chart p { padding: .8rem }
.drawing { flex: 1; overflow: auto; padding: .4rem }
.drawing svg { display: block; margin: auto }
.fit svg { max-width: 100%; max-height: 100% }
.detail { overflow: auto; padding: .4rem .8rem; border-left: 1px solid var(--rule) }
.detail h2 { font-size: .95rem; margin: .4rem 0 .2rem }
.detail ol { list-style: none; margin: 0; padding: 0 }
.detail li, .detail dd { overflow-wrap: anywhere }
.detail small { white-space: nowrap }
.detail .holds { color: var(--live) }
.detail .fails, .odd { color: var(--odd) }
.detail dl { margin: 0 }
.detail dt { color: var(--faint) }
.detail dd { margin: 0 0 .2rem 1rem; font-variant-numeric: tabular-nums }
.detail .changed { color: var(--mark) }
.log { grid-column: 1 / -1; overflow: auto; border-top: 1px solid var(--rule) }
.log header {
  position: sticky; top: 0; display: flex; flex-wrap: wrap; gap: .5rem; padding: .3rem .8rem;
  background: var(--panel); border-bottom: 1px solid var(--rule);
}
.log input { flex: 1; min-width: 6rem }
.log input[type=search] { flex: 0 1 12rem }
.log li { display: flex; gap: .8rem; white-space: nowrap }
.log time {
  color: var(--faint); font-variant-numeric: tabular-nums; min-width: 5.5rem; text-align: right;
}
@media (max-width: 700px) {
  main { grid-template: auto auto minmax(0, 60vh) auto auto / minmax(0, 1fr); height: auto }
  nav { border-right: 0; max-height: 40vh }
  .detail { border-left: 0; max-height: 40vh; border-top: 1px solid var(--rule) }
  .log { max-height: 40vh }
}
`;

export const style = (): string => `${own}${styleOf('auto')}`;
