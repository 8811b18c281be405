import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AnyActorRef,
  assign,
  cancel,
  createActor,
  createMachine,
  fromCallback,
  raise,
  SimulatedClock,
  sendTo,
  setup,
} from 'xstate';
import { modelOf } from '../../src/diagram/model.ts';
import { recorder } from '../../src/inspector/recorder.ts';
import { type Entry, readRecording } from '../../src/inspector/recording.ts';
import { Replica } from '../../src/inspector/replica.ts';

const bell = fromCallback(({ sendBack, receive }) => {
  receive(() => sendBack({ type: 'rings' }));
  return () => sendBack({ type: 'falls silent' });
});

const lamp = setup({
  actors: { bell },
  guards: { isDark: () => true, isLocked: () => false },
  delays: { dusk: 30, night: 100 },
}).createMachine({
  id: 'lamp',
  context: { turns: 0, owner: 'nobody else knows' },
  initial: 'off',
  states: {
    off: {
      on: {
        push: [
          { guard: 'isLocked', target: 'off' },
          {
            guard: 'isDark',
            target: 'on',
            actions: assign({ turns: ({ context }) => context.turns + 1 }),
          },
        ],
        press: '#on',
      },
      after: { dusk: 'on' },
    },
    on: {
      id: 'on',
      invoke: { id: 'bell', src: 'bell' },
      on: { push: 'off', rings: { actions: [] }, poke: { actions: ({ self }) => ask(self) } },
      after: { night: 'off' },
    },
    broken: { type: 'final' },
  },
  on: { smash: '.broken' },
});

const ask = (self: AnyActorRef) => self.getSnapshot().children.bell?.send({ type: 'ring' });

function played(options: Parameters<typeof recorder>[0] = {}) {
  const clock = new SimulatedClock();
  const recording = recorder({ now: () => clock.now(), ...options });
  const told: Entry[] = [];
  recording.listen((line) => told.push(JSON.parse(line)));
  const actor = createActor(recording.watch(lamp), { clock, inspect: recording });
  const entries = () => readRecording(recording.text()).entries;
  const last = () => entries().map(({ n, at, ...rest }) => rest);
  return { clock, recording, actor, entries, last, told };
}

type Kind<K extends Entry['kind']> = Extract<Entry, { kind: K }>;
const of = <K extends Entry['kind']>(entries: Entry[], kind: K) =>
  entries.filter((entry): entry is Kind<K> => entry.kind === kind);

describe('a recorder', () => {
  it('tells who was there, what each took, and by which transition', () => {
    const { actor, entries } = played({ allow: { lamp: { context: ['turns'] } } });
    actor.start();
    actor.send({ type: 'push' });
    const all = entries();
    expect(of(all, 'machine').map(({ model }) => model)).toEqual([modelOf(lamp)]);
    expect(
      of(all, 'spawn').map(({ actor: id, path, parent, machine }) => [id, path, parent, machine]),
    ).toEqual([
      [0, 'lamp', undefined, 'lamp'],
      [1, 'lamp/bell', 0, undefined],
    ]);
    const [sent] = of(all, 'sent');
    const push = modelOf(lamp).transitions.find(({ guard }) => guard === 'isDark');
    expect(of(all, 'step')).toMatchObject([
      {
        actor: 0,
        event: 'push',
        of: sent?.n,
        edges: [push?.id],
        guards: [
          ['isLocked', false],
          ['isDark', true],
        ],
        value: 'on',
      },
    ]);
    expect(of(all, 'state')).toMatchObject([
      { value: 'off', context: { turns: 0, '«redacted»': 1 } },
      { context: { turns: 1 } },
    ]);
  });

  it('tells an event that was ignored from one that forbids or acts', () => {
    const { actor, entries } = played();
    actor.start();
    actor.send({ type: 'nobody.hears.it' });
    actor.send({ type: 'press' });
    actor.send({ type: 'rings' });
    const edges = of(entries(), 'step').map((step) => [step.event, step.edges.length, step.value]);
    expect(edges).toEqual([
      ['nobody.hears.it', 0, undefined],
      ['press', 1, 'on'],
      ['rings', 1, undefined],
    ]);
  });

  it('marks what comes too late, and what its receiver no longer took', () => {
    const { actor, entries } = played();
    actor.start();
    actor.send({ type: 'press' });
    const { bell: ringer } = actor.getSnapshot().children;
    actor.send({ type: 'push' });
    ringer?.send({ type: 'ring' });
    const dropped = of(entries(), 'sent').filter((entry) => entry.dropped);
    expect(dropped.map(({ to, event }) => [to, event])).toEqual([[1, { type: 'ring' }]]);

    const twice = played();
    const impatient = createActor(
      setup({}).createMachine({
        id: 'impatient',
        initial: 'here',
        states: {
          here: {
            on: {
              leave: {
                target: 'gone',
                actions: ({ self }) => self.send({ type: 'wait' }),
              },
            },
          },
          gone: { type: 'final' },
        },
      }),
      { inspect: twice.recording },
    );
    impatient.start();
    impatient.send({ type: 'leave' });
    const all = twice.entries();
    const wait = of(all, 'sent').find(({ event }) => JSON.stringify(event).includes('wait'));
    expect(of(all, 'dropped').map(({ of: n }) => n)).toEqual([wait?.n]);
    expect(of(all, 'stopped').map(({ how }) => how)).toEqual(['done']);
  });

  it('knows each timer: armed, cancelled, fired, and how late', () => {
    const { actor, clock, last } = played();
    actor.start();
    clock.increment(30);
    actor.send({ type: 'push' });
    const timers = last().filter(({ kind }) => ['armed', 'cancelled', 'fired'].includes(kind));
    expect(timers).toEqual([
      { kind: 'armed', actor: 0, timer: 'xstate.after.dusk.lamp.off', ms: 30 },
      { kind: 'fired', actor: 0, timer: 'xstate.after.dusk.lamp.off', lateMs: 0, rest: true },
      { kind: 'armed', actor: 0, timer: 'xstate.after.night.on', ms: 100 },
      { kind: 'cancelled', actor: 0, timer: 'xstate.after.night.on' },
      { kind: 'armed', actor: 0, timer: 'xstate.after.dusk.lamp.off', ms: 30 },
    ]);
  });

  it('knows timers that send to somebody else, and those without a name', () => {
    const clock = new SimulatedClock();
    const recording = recorder({ now: () => clock.now() });
    const machine = setup({ actors: { ear: fromCallback(() => {}) } }).createMachine({
      id: 'bell',
      invoke: { src: 'ear', id: 'ear' },
      entry: [
        sendTo('ear', { type: 'ring' }, { delay: 20, id: 'soon' }),
        sendTo('ear', { type: 'never' }, { delay: 90, id: 'late' }),
        raise({ type: 'tick' }, { delay: 10 }),
        raise({ type: 'tick' }, { delay: 30 }),
      ],
      on: { hush: { actions: cancel('late') } },
    });
    const actor = createActor(machine, { inspect: recording, clock }).start();
    clock.increment(25);
    actor.send({ type: 'hush' });
    const { entries } = readRecording(recording.text());
    const told = entries.flatMap((entry) => {
      if (entry.kind === 'sent') return `sent ${JSON.stringify(entry.event)}`;
      return 'timer' in entry ? `${entry.kind} ${entry.timer}` : [];
    });
    expect(told).toEqual([
      ...['armed soon', 'armed late', 'armed tick', 'armed tick~2'],
      ...['fired tick', 'fired soon', 'sent {"type":"ring"}'],
      ...['sent {"type":"hush"}', 'cancelled late'],
    ]);
    actor.stop();
  });

  it('keeps no more definitions than it may, however many machines are made', () => {
    const recording = recorder();
    for (let i = 0; i < 50; i += 1) {
      const machine = createMachine({ id: 'fly', initial: 'a', states: { a: {} } });
      createActor(machine, { inspect: recording }).start().stop();
    }
    const { entries } = readRecording(recording.text());
    const kinds = entries.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'machine')).toHaveLength(20);
    expect(kinds.filter((kind) => kind === 'spawn')).toHaveLength(50);
  });

  it('keeps what its bounds let it keep, and what was true before that', () => {
    const step = fc.constantFrom('push', 'press', 'poke', 'nothing', 'wait');
    fc.assert(
      fc.property(fc.array(step, { minLength: 60, maxLength: 200 }), (steps) => {
        const small = played({ entriesMax: 100 });
        const { actor, clock, recording, told } = small;
        actor.start();
        for (const type of steps) {
          if (type === 'wait') clock.increment(20);
          else actor.send({ type } as never);
        }
        const kept = small.entries().filter(({ kind }) => kind !== 'machine' && kind !== 'base');
        expect(kept.length).toBeLessThanOrEqual(100);
        expect(kept.length + recording.missing).toBe(
          told.filter(({ kind }) => kind !== 'machine').length,
        );
        const [a, b] = [new Replica(), new Replica()];
        for (const entry of told) a.apply(entry);
        for (const entry of small.entries()) b.apply(entry);
        expect([...b.actors.values()]).toEqual([...a.actors.values()]);
        const value = actor.getSnapshot().value;
        expect([...a.actors.values()].find(({ path }) => path === 'lamp')?.value).toEqual(value);
      }),
      { numRuns: 30, seed: 20261123 },
    );
  });

  it('keeps no more bytes than it may', () => {
    const { actor, recording } = played({ bytesMax: 64 * 1024, entriesMax: 1_000_000 });
    actor.start();
    for (let i = 0; i < 2_000; i += 1) actor.send({ type: 'push' });
    const bytes = Buffer.byteLength(recording.text());
    // and the definition, the header and what was true before
    expect(bytes).toBeLessThan(64 * 1024 + 8 * 1024);
    expect(recording.missing).toBeGreaterThan(1_000);
  });

  it('never throws into the system, and never calls what it is shown', () => {
    const { actor, recording } = played({ allow: { '*': { events: ['trap', 'deep.*'] } } });
    actor.start();
    const called: string[] = [];
    const trap = {
      get value() {
        called.push('a getter');
        return 1;
      },
      toJSON() {
        called.push('toJSON');
      },
    };
    const shut = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    const round: { self?: unknown } = {};
    round.self = round;
    actor.send({ type: 'push', trap, deep: { shut, round, big: 2n, none: undefined } } as never);
    recording.next(undefined);
    recording.next({ type: '@xstate.event', actorRef: null });
    expect(called).toEqual([]);
    expect(recording.text()).toContain('"type":"push"');
    expect(actor.getSnapshot().value).toBe('on');
  });

  it.each([
    [{ entriesMax: 99 }, 'entriesMax must be a whole number from 100 to 1000000; got 99'],
    [{ bytesMax: 0.5 }, 'bytesMax must be a whole number from 65536 to 1073741824; got 0.5'],
  ])('refuses %j', (options, sentence) => {
    expect(() => recorder(options)).toThrow(sentence);
  });
});
