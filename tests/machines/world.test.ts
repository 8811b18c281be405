/** What the automata of the outside leave out, nobody reads: a wider world reaches nothing else. */
import { describe, expect, it } from 'vitest';
import { linkAlone } from '../../machines/world.ts';
import { type Emission, explore, type Leaf, type World } from '../../src/verify/index.ts';

/** One emission for each value that the automaton gives to a field which is said to be unread. */
function widened(leaf: Leaf): Leaf {
  const all = Object.values(leaf.emits).flat();
  const values = (type: string, field: string) => [
    ...new Set(all.filter(({ report }) => report.type === type).map(({ report }) => report[field])),
  ];
  const wide = ({ unread = [], ...emission }: Emission): Emission[] =>
    unread.reduce(
      (some: Emission[], field) =>
        some.flatMap(({ report, ...rest }) =>
          values(report.type, field).map((value) => ({
            ...rest,
            report: { ...report, [field]: value },
          })),
        ),
      [emission],
    );
  const emits = Object.entries(leaf.emits).map(([state, some]) => [state, some.flatMap(wide)]);
  return { ...leaf, emits: Object.fromEntries(emits) };
}

/** Every state of the machines together that a world comes to, without its leaves. */
function reached(world: World) {
  const machines = new Set(world.roles.flatMap((role) => ('machine' in role ? [role.name] : [])));
  const states = new Set<string>();
  const result = explore(world, {
    delivery: 'async',
    inFlight: 1,
    promises: {
      atRest: {
        noted: ({ actors }) => {
          const known = actors.filter(({ role }) => machines.has(role));
          states.add(known.map(({ path, value }) => `${path} ${JSON.stringify(value)}`).join('; '));
          return undefined;
        },
      },
    },
  });
  return { states, result };
}

describe('the world of a link', { timeout: 120_000 }, () => {
  it('leaves out only what nobody reads: fields of reports said to be unread', () => {
    const wide: World = {
      ...linkAlone,
      roles: linkAlone.roles.map((role) =>
        'leaf' in role ? { ...role, leaf: widened(role.leaf) } : role,
      ),
    };
    const [narrow, wider] = [reached(linkAlone), reached(wide)];
    expect(wider.result).toMatchObject({ cut: 0, overflow: 0 });
    expect(wider.result.states).toBeGreaterThan(narrow.result.states);
    expect(wider.states.size).toBeGreaterThan(50);
    expect(wider.states).toEqual(narrow.states);
    const fired = ({ result }: typeof narrow) =>
      Object.entries(result.coverage).map(([role, { transitions, never }]) => {
        return { role, transitions, never };
      });
    expect(fired(wider)).toEqual(fired(narrow));
  });
});
