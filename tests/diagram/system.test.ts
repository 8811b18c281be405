/** The picture of the system says what passes between actors: the checker has seen it pass. */
import { describe, expect, it } from 'vitest';
import { both, linkAlone, serviceAlone } from '../../machines/world.ts';
import { systemOf } from '../../src/diagram/system.ts';
import { explore, type MessageView, type View, type World } from '../../src/verify/index.ts';

const drawn = systemOf(both);

const isLeaf = (name: string | undefined): boolean =>
  both.roles.some((role) => role.name === name && 'leaf' in role);

/** `gateway → link: link.dial`, as drawn; a leaf takes its commands at once, none is under way. */
const said = drawn.transitions
  .filter(({ source, label }) => source !== 'host' && !label.startsWith('runs in '))
  .filter(({ targets }) => !isLeaf(targets[0]))
  .map(({ source, targets, label }) => `${source} → ${targets[0]}: ${label}`);

const nameOf = (path: string): string => path.split('/').at(-1) ?? '';

function wordOf({ event }: MessageView): string {
  const inner = event.report ?? event.order;
  return typeof inner === 'object' && inner !== null && 'type' in inner
    ? String(inner.type)
    : event.type;
}

/** Until a service of somebody else's is linked, and is not reached any more. */
const isAttached = (view: View): boolean =>
  ['resting', 'locating', 'clearing', 'attached'].some((state) =>
    view.at('gateway/service')?.matches(state),
  );

/** Everything that is ever under way in a world. */
function passing(world: World, within: (view: View) => boolean = () => true): Set<string> {
  const seen = new Set<string>();
  explore(world, {
    delivery: 'async',
    inFlight: 1,
    within,
    promises: {
      always: {
        'is-heard': (view) => {
          for (const one of view.messages()) {
            if (one.from === undefined) continue;
            seen.add(`${nameOf(one.from)} → ${nameOf(one.to)}: ${wordOf(one)}`);
          }
          return undefined;
        },
      },
    },
  });
  return seen;
}

describe('the picture of the system', () => {
  it('shows every message that is ever under way, and none that never is', () => {
    const seen = new Set([
      ...passing(linkAlone),
      ...passing(serviceAlone),
      ...passing(both, isAttached),
    ]);
    expect([...seen].sort()).toEqual([...new Set(said)].sort());
    // worlds are explored to their end
  }, 120_000);

  it('says in which states each actor runs', () => {
    const runs = drawn.transitions.filter(({ label }) => label.startsWith('runs in '));
    const places = runs.map(({ targets, label }) => `${targets[0]} ${label}`);
    expect(places).toContain('connection runs in trying');
    expect(places).toContain('heartbeat runs in linked.open');
    expect(places).toContain('process runs in owned');
    expect(new Set(runs.map(({ targets }) => targets[0])).size).toBe(both.roles.length - 1);
  });
});
