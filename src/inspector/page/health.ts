/**
 * How well each gateway is, who asked for its restarts and what became of them, and the last words
 * of its processes. It must never guess at what was not let through.
 */
import { type ComponentChild, h } from 'preact';
import { endOf } from '../line.ts';
import { seconds } from '../sequence.ts';
import type { Moment, Said } from './moment.ts';

interface HealthProps {
  moment: Moment;
  /** milliseconds of the recording */
  now: number;
}

export function Health({ moment, now }: HealthProps): ComponentChild {
  const { statuses, restarts, exits } = moment;
  return h('section', { class: 'chart health', 'aria-label': 'Health' }, [
    statuses.size === 0
      ? h('p', {}, 'Nobody here says how well it is: that is what gateways of Holdfast do.')
      : null,
    ...[...statuses.values()].map((status) =>
      h('article', { key: status.of }, [
        card(status, now),
        ledger([...restarts.values()].filter(({ of }) => of === status.of).reverse()),
        ends([...exits.values()].filter(({ of }) => of === status.of).reverse()),
      ]),
    ),
  ]);
}

function card(status: Said<'status'>, now: number): ComponentChild {
  const { of, state, phase, because, health, reasons, budget } = status;
  const { process, attempt, attemptsMax, ready, isOpen, error, at } = status;
  const attempts = attemptsMax === null ? `${attempt}` : `${attempt} of ${attemptsMax}`;
  const owned = process && `${process.ownership}${process.pid ? `, pid ${process.pid}` : ''}`;
  const facts: readonly [string, string | undefined][] = [
    ['state', phase === 'steady' ? state : `${state}, ${phase}`],
    ['why', because],
    ['health', [health, ...reasons].join(', ')],
    ['ready', String(ready)],
    ['attempt', attempt > 0 ? attempts : undefined],
    ['process', owned],
    ['link', isOpen ? 'open' : undefined],
    ['error', error],
    ['since', `${seconds(Math.max(0, now - at))} ago`],
  ];
  return h('div', {}, [
    h('h2', {}, [of, ' ', h('strong', { class: `badge ${health}` }, health)]),
    h(
      'dl',
      {},
      facts.flatMap(([name, value]) =>
        value === undefined ? [] : [h('dt', {}, name), h('dd', {}, value)],
      ),
    ),
    budget && h(Budget, budget),
  ]);
}

/** Restarts that are charged, beside those that are left. */
export function Budget({ used, of }: { used: number; of: number }): ComponentChild {
  return h('p', { class: 'budget' }, [
    h('meter', { min: 0, max: Math.max(of, 1), high: Math.max(of - 1, 0), value: used }),
    ` budget ${used} of ${of}`,
  ]);
}

function ledger(restarts: readonly Said<'restart'>[]): ComponentChild {
  if (restarts.length === 0) return h('p', {}, 'Nobody has asked for a restart.');
  const rows = restarts.map(({ id, at, verb, by, because, inMs, outcome }) =>
    h('tr', { key: id }, [
      h('td', {}, seconds(at)),
      h('td', {}, `${verb} by ${by}`),
      h('td', {}, because ?? 'not let through'),
      h('td', {}, outcome ?? (inMs > 0 ? `pending, due ${inMs} ms after` : 'pending')),
    ]),
  );
  const names = ['asked at', 'what', 'because', 'outcome'];
  return h('table', {}, [
    h('caption', {}, 'Restarts'),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        names.map((name) => h('th', {}, name)),
      ),
    ),
    h('tbody', {}, rows),
  ]);
}

function ends(exits: readonly Said<'exit'>[]): ComponentChild {
  if (exits.length === 0) return h('p', {}, 'No process has ended.');
  return h('div', { class: 'ends' }, [
    h('h3', {}, 'Last words'),
    ...exits.map((exit) => {
      const { n, at, pid, expected, before, lines, words } = exit;
      const wrote = lines === 0 ? 'it wrote nothing' : `${lines} lines, not let through`;
      return h('details', { key: n, open: exit === exits[0] }, [
        h('summary', { class: expected ? '' : 'odd' }, [
          `${seconds(at)}: pid ${pid}, ${endOf(exit)}${expected ? ', as asked' : ''}`,
        ]),
        h('p', {}, `before: ${before.join(' → ')}`),
        h('pre', {}, words?.join('\n') || wrote),
      ]);
    }),
  ]);
}
