/**
 * The pages of docs/ that are drawn from the code: defaults, errors, guarantees, machines and the
 * bug museum.
 * The code is the one source; a page must never say what the code does not.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, goals, guarantees, kernel, steps } from '../../machines/guarantees.ts';
import { type Default, defaults } from '../runtime/defaults.ts';
import { simulate } from '../simulate/index.ts';
import { errorTexts, noticeTexts } from './error-texts.ts';
import { type Invariant, invariants } from './invariants.ts';
import { machinesPage } from './machines-page.ts';
import { hazardTable, museumCounts, museumTables } from './museum.ts';
import { docs } from './ships.ts';
import { asText } from './simulate.ts';

const head = (title: string) =>
  `# ${title}\n\n<!-- Written by \`npm run generate\` from the code; edit the code. -->\n\n`;

const number = (value: number | null): string =>
  value === null ? 'unlimited' : value.toLocaleString('en-US');

const range = ({ min, max }: Default): string => `${number(min)} to ${number(max)}`;

/** Options by name, with unit in the name, default, range and reason. */
export function defaultsPage(): string {
  const rows = Object.entries<Default>(defaults).map(
    ([name, rule]) => `| \`${name}\` | ${number(rule.value)} | ${range(rule)} | ${rule.why} |`,
  );
  return [
    head('Defaults'),
    'What holds when nothing is said. Names that end in `Ms` are milliseconds, in `Bytes` bytes.\n',
    '`backoff.*` stands for `process.backoff.*` and `link.reconnect.*`; `heartbeat.*` for\n',
    '`link.heartbeat.*`, where a protocol may know better. A value outside its range is refused\n',
    'with `HF_OPTION_INVALID`, which names the option, the rule and the value.\n\n',
    '| option | default | range | why |\n|---|---|---|---|\n',
    `${rows.join('\n')}\n`,
  ].join('');
}

const kinds = {
  always: 'in every state',
  atRest: 'whenever nothing is in flight',
};

const kernelRow = ({ id, sentence, groups = [] }: (typeof kernel)[number]): string =>
  `| \`${id}\` | ${sentence} | ${groups.join(' ')} |`;

const invariantRow = ({ id, sentence, kept, note = '' }: Invariant): string => {
  const proofs = kept.map((proof) => `\`${proof}\``).join(', ') || '—';
  return `| ${id} | ${sentence} | ${proofs} | ${note} |`;
};

/** Each promise by id, how it is checked, and which historic bugs it forbids. */
export function guaranteesPage(): string {
  const promises = guarantees.map(
    ({ id, sentence, kind, forbids, groups = [] }) =>
      `| \`${id}\` | ${sentence} | ${kinds[kind]} | ${groups.join(' ')} | ${forbids.join(' ')} |`,
  );
  const single = steps.map(
    ({ id, sentence, role, forbids, groups = [] }) =>
      `| \`${id}\` | ${sentence} | in every step of the ${role} | ${groups.join(' ')} | ` +
      `${forbids.join(' ')} |`,
  );
  const reach = goals.map(
    ({ id, sentence, forbids, by }) =>
      `| \`${id}\` | ${sentence} | reachable by ${by.join(', ')} | | ${forbids.join(' ')} |`,
  );
  const ends = eventually.map(
    ({ id, sentence, forbids }) =>
      `| \`${id}\` | ${sentence} | in the end, see below | | ${forbids.join(' ')} |`,
  );
  return [
    head('Guarantees'),
    'Each line is explored in every state of every world (`machines/world.ts`): a link alone, a\n',
    'service alone, and both; what holds `in the end`, of either half alone. What is explored,\n',
    'and up to which bounds, is printed by `npm test` and `npm run verify:full`. The last\n',
    'columns name the groups of scenarios that a promise speaks of (tests/scenarios), and the\n',
    'invariants of known bugs.\n\n',
    '| id | promise | checked | scenarios | forbids |\n|---|---|---|---|---|\n',
    `${[...promises, ...single, ...reach, ...ends].join('\n')}\n\n`,
    '## Always checked, for any machine\n\n',
    '| id | promise | scenarios |\n|---|---|---|\n',
    `${kernel.map(kernelRow).join('\n')}\n\n`,
    '## The bugs of others\n\n',
    'Invariants that the [bug museum](museum.md) has taught, and what keeps each of them: a\n',
    'promise above, a scenario or a test by its path. A dash stands where nothing does, with\n',
    'the reason.\n\n',
    '| id | invariant | kept by | |\n|---|---|---|---|\n',
    `${invariants.map(invariantRow).join('\n')}\n\n`,
    '## What is assumed\n\n',
    'All lines but those `in the end` assume nothing: every report comes early, late or never,\n',
    'and timers fire in any order. A `reachable` line says that a good end can be reached, not\n',
    'that it will be. A line that holds `in the end` is about what will be, and assumes a point\n',
    'from which on:\n\n',
    '- The user is quiet: nothing is asked any more.\n',
    '- The world behaves: no report that `machines/world.ts` marks as a `fault` comes. Whoever\n',
    '  is asked answers, with the good answer; a process that was signalled ends.\n',
    '- Answers beat deadlines: a delay listed in `deadlines` ends only while no message and no\n',
    '  report of a leaf is due. Every other delay is a wait and ends at any moment.\n',
    '- Nobody is starved (weak fairness): a message, a timer or a leaf that is due all the while\n',
    '  has its turn.\n',
    '- Time passes: where timers end again and again, none stays armed all the while.\n\n',
    'Everything before that point is arbitrary. Outside of these assumptions only the other\n',
    'lines hold: a peer that asks for patience for ever is waited for, for ever.\n',
  ].join('');
}

/** Each code with where it is met, its cause and its remedy. */
export function errorsPage(): string {
  const errors = Object.entries(errorTexts).map(
    ([code, { from, cause, remedy }]) =>
      `## ${code}\n\n${cause}\n\n- Met in: ${from}.\n- Remedy: ${remedy}\n`,
  );
  const notices = Object.entries(noticeTexts).map(([code, text]) => `| \`${code}\` | ${text} |`);
  return [
    head('Errors'),
    'Every error is a `HoldfastError` with a stable `code`; texts may change, codes do not.\n',
    'Its `toJSON()` is safe to log: redacted, bounded, without stack and cause. On errors of\n',
    'requests `delivery` says what became of it: `not-sent`, `maybe-executed` or `answered`.\n',
    '`trace` holds the last transitions where a system gave up.\n\n',
    `${errors.join('\n')}\n## Codes of diagnostics only\n\n`,
    'Told by the event `diagnostic` and in the log; nothing fails because of them.\n\n',
    '| code | meaning |\n|---|---|\n',
    `${notices.join('\n')}\n`,
  ].join('');
}

/** Each bug that managers of flags and timers have had, and what keeps it from happening here. */
export function museumPage(): string {
  const { all, kept, out, open } = museumCounts();
  return [
    head('Bug museum'),
    `${all} bugs of managers of flags and timers: found in their history, by running them, or by\n`,
    `reading them. Kept from happening here: ${kept}. Open: ${open}. Out of scope, because they\n`,
    `concern neither machines nor runtime: ${out}. An id stays what it is.\n\n`,
    'Three kinds of things keep a bug away. A **scenario**, as `GS-02`, is a test on the real\n',
    'runtime; its **mutant** is a wrong line that makes this test fail, and\n',
    '`npm run scenarios -- --audit` applies each of them. A **promise**, as `one-socket`, is\n',
    'checked in every state of every world ([guarantees](guarantees.md)). Beside it stand\n',
    '**moves** of `machines/world.ts`: what the user does, a timer that ends, or a leaf with its\n',
    'state and its report. `tests/machines/wrong.ts` puts the bug into a machine, and where no\n',
    'more than these moves goes wrong the checker finds it, by that promise. A **test** stands\n',
    'with its path and its words.\n\n',
    `${museumTables()}\n\n`,
    '## Hazards of one manager\n\n',
    'What a manager of flags and timers did by design, by the letter and number of the feature\n',
    'that it came with; these ids are not those of the bugs above.\n\n',
    `${hazardTable()}\n`,
  ].join('');
}

export const pages = (): Map<string, string> =>
  new Map([
    ['defaults.md', defaultsPage()],
    ['errors.md', errorsPage()],
    ['guarantees.md', guaranteesPage()],
    ['machines.md', machinesPage()],
    ['museum.md', museumPage()],
  ]);

const example = '$ npx holdfast simulate --seed 2 --hours 2\n';
const played = new RegExp(`(?<=${example.replace('$', '\\$')})[^]*?(?=\`\`\`)`);

/** docs/simulation.md with its example played anew. The seconds on the page are not exact. */
export async function simulationPage(page: string): Promise<string> {
  const text = asText(await simulate({ seed: 2, hours: 2 }), 1.7, undefined);
  return page.replace(played, () => text);
}

/** Line ends as written here, whatever a checkout has made of them; '' where there is no file. */
const committed = (path: string): string =>
  existsSync(path) ? readFileSync(path, 'utf8').replaceAll('\r\n', '\n') : '';

/** The pages of docs/ whose text is not the generated one, with that text. */
export async function stalePages(): Promise<[file: string, text: string][]> {
  const simulation = 'simulation.md';
  const drawn = pages();
  drawn.set(simulation, await simulationPage(committed(join(docs, simulation))));
  return [...drawn].filter(([file, text]) => committed(join(docs, file)) !== text);
}
