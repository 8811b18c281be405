/**
 * The shape of everything that touches the outside, in a real parent: what its body, a command or
 * its release throws is told and harms nobody, what it holds is released exactly once, and
 * nothing it says is heard after its end. And the view: one picture of all machines.
 */

import { describe, expect, it } from 'vitest';
import {
  type AnyActorRef,
  createActor,
  createMachine,
  type EventObject,
  fromCallback,
} from 'xstate';
import { type Body, type LeafHost, leaf } from '../../src/runtime/leaf.ts';
import { charges, paused, viewOf } from '../../src/runtime/view.ts';
import { turns } from '../fakes/clock.ts';

interface Command extends EventObject {
  type: 'work' | 'order';
  gen?: number;
}
interface Report extends EventObject {
  type: 'fact';
  n: number;
}
type Make = Body<{ gen: number }, Command, Report>;

function make(body: Make) {
  const failures: string[] = [];
  const tasks: (() => void)[] = [];
  const host: LeafHost = {
    defer: (task) => tasks.push(task),
    held: new Set(),
    over: false,
    failed: (name, error) => failures.push(`${name}: ${(error as Error).message}`),
  };
  const heard: EventObject[] = [];
  const parent = createMachine({
    initial: 'on',
    states: {
      on: {
        invoke: { id: 'part', src: fromCallback(leaf('part', host, body)), input: { gen: 3 } },
        on: { leave: 'off' },
      },
      off: { on: { enter: 'on' } },
    },
    on: { '*': { actions: ({ event }) => heard.push(event) } },
  });
  const actor = createActor(parent);
  actor.start();
  const tell = (event: EventObject) => child(actor)?.send(event);
  const flush = () => {
    for (const task of tasks.splice(0)) task();
  };
  return { host, failures, heard, actor, tell, flush };
}

const child = (actor: AnyActorRef): AnyActorRef | undefined => actor.getSnapshot().children.part;
const boom = () => {
  throw new Error('boom');
};

describe('a leaf', () => {
  it('posts outside of its caller, with its name and its generation', () => {
    let post: Parameters<Make>[1] | undefined;
    const orders: EventObject[] = [];
    const { heard, tell, flush } = make((_, say) => {
      post = say;
      say({ type: 'fact', n: 1 });
      return { command: (command) => orders.push(command), release() {} };
    });
    expect(heard).toEqual([]);
    flush();
    expect(heard).toEqual([{ type: 'from.part', gen: 3, report: { type: 'fact', n: 1 } }]);
    tell({ type: 'work' });
    tell({ type: 'order', gen: 4, order: { type: 'work' } } as EventObject);
    expect(orders).toEqual([{ type: 'work' }, { type: 'work' }]);
    post?.({ type: 'fact', n: 2 });
    flush();
    expect(heard.at(-1)).toEqual({ type: 'from.part', gen: 4, report: { type: 'fact', n: 2 } });
  });

  it('releases once, whoever asks first, and is silent and deaf from then on', () => {
    for (const way of ['the state', 'the registry', 'the root'] as const) {
      const done: string[] = [];
      const { host, heard, actor, tell, flush } = make((_, post) => ({
        command: () => done.push('command'),
        release: () => {
          done.push('release');
          post({ type: 'fact', n: 9 });
        },
      }));
      expect(host.held.size).toBe(1);
      const [release] = host.held;
      if (way === 'the state') actor.send({ type: 'leave' });
      if (way === 'the registry') release?.();
      if (way === 'the root') actor.stop();
      tell({ type: 'work' });
      release?.();
      flush();
      actor.stop();
      flush();
      expect([way, done, host.held.size, heard]).toEqual([way, ['release'], 0, []]);
    }
  });

  it('says nothing after its end that it had begun to say', () => {
    const { heard, actor, flush } = make((_, post) => {
      post({ type: 'fact', n: 1 });
      return { release() {} };
    });
    actor.send({ type: 'leave' });
    flush();
    expect(heard).toEqual([]);
  });

  it.each([
    ['body', () => boom()],
    ['command', () => ({ command: boom, release() {} })],
    ['release', () => ({ release: boom })],
  ] satisfies [string, Make][])('whose %s throws says so, and its parent goes on', (_, body) => {
    const { host, failures, actor, tell } = make(body);
    tell({ type: 'work' });
    actor.send({ type: 'leave' });
    expect(failures).toEqual(['part: boom']);
    expect(host.held.size).toBe(0);
    actor.send({ type: 'enter' });
    expect(actor.getSnapshot()).toMatchObject({ status: 'active', value: 'on' });
    expect(host.held.size).toBe(1);
    actor.stop();
    expect(host.held.size).toBe(0);
  });

  it('does not begin once its system is over', () => {
    const begun: number[] = [];
    const { host, actor } = make(({ gen }) => {
      begun.push(gen);
      return { release() {} };
    });
    actor.send({ type: 'leave' });
    host.over = true;
    actor.send({ type: 'enter' });
    expect([begun, host.held.size]).toEqual([[3], 0]);
    actor.stop();
  });
});

describe('the view', () => {
  const machine = (value: object | string, context = {}) =>
    createMachine({ context, ...tree(value) });

  /** A machine that stands where `value` says. */
  function tree(value: object | string): object {
    if (typeof value === 'string') return { initial: value, states: { [value]: {} } };
    const states = Object.entries(value).map(([name, inner]) => [name, tree(inner)] as const);
    const [[first] = ['']] = states;
    const many = states.length > 1 ? { type: 'parallel' } : { initial: first };
    return { ...many, states: Object.fromEntries(states) };
  }

  function stand(root: object | string, children: Record<string, ReturnType<typeof machine>>) {
    const whole = machine(root);
    const invoke = Object.entries(children).map(([id, src]) => ({ id, src }));
    return createActor(createMachine({ ...whole.config, invoke })).start();
  }

  it('knows a state, everything around it, and nothing else', () => {
    const root = stand({ life: { wanted: 'running' }, ledger: 'idle' }, {});
    const { gateway } = viewOf(root);
    const asked = ['life', 'life.wanted', 'life.wanted.running', 'ledger.idle'];
    expect(asked.filter((path) => !gateway.in(path))).toEqual([]);
    const not = ['life.wanted.run', 'wanted', 'life.wanted.running.more', 'ledger.due', 'li'];
    expect(not.filter((path) => gateway.in(path))).toEqual([]);
    root.stop();
  });

  it('has null for what is not there, and is a picture of one moment', async () => {
    const root = stand(
      { life: { wanted: { linking: 'held' } } },
      { service: machine('owned', { charged: [1, 2] }), link: machine({ paused: 'pairing' }) },
    );
    const view = viewOf(root);
    expect(view.process ?? view.connection ?? view.heartbeat).toBeNull();
    expect([charges(view), paused(view)]).toEqual([2, true]);
    root.stop();
    await turns(1);
    expect(view.reconnect?.in('paused.pairing')).toBe(true);
  });
});
