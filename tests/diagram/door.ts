/** A door with a place for one more handler in each kind of state, and what a text gains by it. */
import { type AnyStateMachine, createMachine } from 'xstate';

type Config = Parameters<typeof createMachine>[0];
type Handlers = Record<string, unknown>;

export interface More {
  root?: Handlers;
  open?: Handlers;
  ajar?: Handlers;
  shut?: object;
}

export function door(more: More = {}): AnyStateMachine {
  const config = {
    id: 'door',
    initial: 'shut',
    on: { ring: { actions: 'chime' }, ...more.root },
    states: {
      shut: { on: { push: 'open' }, ...more.shut },
      open: {
        initial: 'ajar',
        entry: 'creak',
        on: { pull: 'shut', ...more.open },
        states: { ajar: { on: { push: 'wide', ...more.ajar } }, wide: {} },
      },
      gone: {},
    },
  };
  return createMachine(config as unknown as Config);
}

/** Lines that only one of two texts has, in order. */
export function changed(before: string, after: string) {
  const lack = (some: string, other: string) => {
    const rest = other.split('\n');
    return some.split('\n').filter((line) => {
      const at = rest.indexOf(line);
      if (at >= 0) rest.splice(at, 1);
      return at < 0;
    });
  };
  return { gone: lack(before, after), come: lack(after, before) };
}
