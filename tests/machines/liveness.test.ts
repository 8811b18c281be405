/** What the shipped machines come to in the end, and worlds and machines that never do. */
import { describe, expect, it } from 'vitest';
import { eventually } from '../../machines/guarantees.ts';
import { reconnect } from '../../machines/reconnect.ts';
import { linkAlone, serviceOnce } from '../../machines/world.ts';
import { formatLasso, type Leaf, liveness, type World } from '../../src/verify/index.ts';

const inOrder = (world: World) =>
  eventually.map((goal) => {
    const result = liveness(world, { delivery: 'rtc', posts: 1, goal });
    expect(result).toMatchObject({ cut: 0, overflow: 0 });
    expect(result.outside).toBeGreaterThan(0);
    return result.violation === undefined ? '' : formatLasso(result.violation);
  });

const withRoles = (change: (role: World['roles'][number]) => World['roles'][number]): World => ({
  ...linkAlone,
  roles: linkAlone.roles.map(change),
});

const greeted = (leaf: Leaf, reports: Leaf['emits'][string]): Leaf => ({
  ...leaf,
  emits: { ...leaf.emits, greeted: reports },
});

/** The hello is never answered. */
const mute = withRoles((role) =>
  role.name === 'socket' && 'leaf' in role ? { ...role, leaf: greeted(role.leaf, []) } : role,
);

describe('what is wanted comes true once the world behaves', { timeout: 120_000 }, () => {
  it('for a link alone', () => {
    expect(inOrder(linkAlone)).toEqual(['']);
  });

  it('for a service alone that may fail once', () => {
    expect(inOrder(serviceOnce)).toEqual(['']);
  });

  it('or fails with a reason, against a peer that never answers a hello', () => {
    expect(inOrder(mute)).toEqual(['']);
  });
});

describe('it does not', { timeout: 120_000 }, () => {
  it('for a link that never gives up, against a peer that never answers a hello', () => {
    const machine = reconnect.provide({ guards: { exhausted: () => false } });
    const stubborn: World = {
      ...mute,
      roles: mute.roles.map((role) =>
        'machine' in role && role.name === 'link' ? { ...role, machine } : role,
      ),
    };
    const [text = ''] = inOrder(stubborn);
    const loop = text.split('for ever:')[1];
    expect(loop).toContain('timer of gateway/link/connection: xstate.after.hello');
    expect(loop).toContain('timer of gateway/link: xstate.after.backoff');
  });

  it('with a peer that asks for patience again and again', () => {
    const report = { type: 'socket.refused', cause: 'wait', floorMs: 1000 };
    const [text = ''] = inOrder(
      withRoles((role) =>
        role.name === 'socket' && 'leaf' in role
          ? { ...role, leaf: greeted(role.leaf, [{ report, next: 'refused' }]) }
          : role,
      ),
    );
    expect(text.split('for ever:')[1]).toContain('timer of gateway/link: xstate.after.floor');
  });
});
