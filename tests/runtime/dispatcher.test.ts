/**
 * Listeners, each on its own: whatever one of them does, the others hear every event once, in the
 * order in which they were added, and the failure is told with the name of the event.
 */

import { describe, expect, it } from 'vitest';
import { Dispatcher, isolated } from '../../src/runtime/dispatcher.ts';
import { turns } from '../fakes/clock.ts';

interface Events extends Record<string, unknown> {
  ping: number;
  pong: string;
}

function make() {
  const failures: [event: string, error: unknown][] = [];
  const heard: string[] = [];
  const dispatcher = new Dispatcher<Events>((event, error) => failures.push([event, error]));
  const hear = (who: string) => (value: unknown) => heard.push(`${who} ${value}`);
  return { dispatcher, failures, heard, hear };
}

describe('a listener that fails', () => {
  it('by a throw is named, and the next one hears the same event', () => {
    const { dispatcher, failures, heard, hear } = make();
    const error = new Error('no');
    dispatcher.on('ping', hear('a'));
    dispatcher.on('ping', () => {
      throw error;
    });
    dispatcher.on('ping', hear('b'));
    dispatcher.emit('ping', 1);
    dispatcher.emit('ping', 2);
    expect(heard).toEqual(['a 1', 'b 1', 'a 2', 'b 2']);
    expect(failures).toEqual([
      ['ping', error],
      ['ping', error],
    ]);
  });

  it('by a rejection is named, later', async () => {
    const { dispatcher, failures, heard, hear } = make();
    dispatcher.on('pong', () => Promise.reject(new Error('later')));
    dispatcher.on('pong', hear('b'));
    dispatcher.emit('pong', 'x');
    expect([heard, failures]).toEqual([['b x'], []]);
    await turns(1);
    expect(failures).toEqual([['pong', new Error('later')]]);
  });

  it.each([
    ['a then that throws', thenable(() => throwing())],
    ['a getter that throws', new Proxy({}, { get: throwing, has: () => true })],
    ['a thenable that calls its error', thenable((_: unknown, no: (e: Error) => void) => no(oh))],
  ])('by returning %s is told once', (_, result) => {
    const failures: unknown[] = [];
    isolated(
      () => result,
      (error) => failures.push(error),
    );
    expect(failures).toEqual([oh]);
  });

  it.each([undefined, null, 0, 'text', {}, thenable(1), Promise.resolve(1)])(
    'is not one that returns %s',
    async (result) => {
      const failures: unknown[] = [];
      isolated(
        () => result,
        (error) => failures.push(error),
      );
      await turns(1);
      expect(failures).toEqual([]);
    },
  );
});

const oh = new Error('oh');
/** By its entries: a literal would be mistaken for a mistake. */
function thenable(then: unknown): object {
  return Object.fromEntries([['then', then]]);
}

function throwing(): never {
  throw oh;
}

describe('while an event is told', () => {
  it('a listener that removes itself, and one that removes another, change the next event', () => {
    const { dispatcher, heard, hear } = make();
    const last = hear('last');
    const self = () => {
      heard.push('self');
      dispatcher.off('ping', self);
      dispatcher.off('ping', last);
    };
    dispatcher.on('ping', self);
    dispatcher.on('ping', last);
    dispatcher.emit('ping', 1);
    dispatcher.emit('ping', 2);
    expect(heard).toEqual(['self', 'last 1']);
  });

  it('a listener that is added hears from the next event on', () => {
    const { dispatcher, heard, hear } = make();
    dispatcher.once('ping', () => dispatcher.on('ping', hear('new')));
    dispatcher.emit('ping', 1);
    dispatcher.emit('ping', 2);
    expect(heard).toEqual(['new 2']);
  });

  it('a listener that emits the same event is not heard twice by once', () => {
    const { dispatcher, heard, hear } = make();
    dispatcher.once('ping', (value) => {
      heard.push(`once ${value}`);
      dispatcher.emit('ping', 2);
    });
    dispatcher.on('ping', hear('on'));
    dispatcher.emit('ping', 1);
    expect(heard).toEqual(['once 1', 'on 2', 'on 1']);
  });
});

describe('a listener is removed', () => {
  it('by off, whatever name it was given for', () => {
    const { dispatcher, heard, hear } = make();
    const listener = hear('a');
    dispatcher.on('ping', listener);
    dispatcher.on('pong', listener);
    dispatcher.off('ping', listener);
    dispatcher.off('ping', hear('a stranger'));
    dispatcher.emit('ping', 1);
    dispatcher.emit('pong', 'x');
    expect(heard).toEqual(['a x']);
  });

  it('by its signal, before or after it was added', () => {
    const { dispatcher, heard, hear } = make();
    const abort = new AbortController();
    dispatcher.on('ping', hear('never'), { signal: AbortSignal.abort() });
    dispatcher.on('ping', hear('a'), { signal: abort.signal });
    dispatcher.once('pong', hear('b'), { signal: abort.signal });
    dispatcher.emit('ping', 1);
    abort.abort();
    dispatcher.emit('ping', 2);
    dispatcher.emit('pong', 'x');
    expect(heard).toEqual(['a 1']);
  });

  it('by being heard once, itself alone: the same function added for good stays', () => {
    const { dispatcher, heard, hear } = make();
    const same = hear('same');
    dispatcher.on('ping', same);
    dispatcher.once('ping', same);
    for (const value of [1, 2]) dispatcher.emit('ping', value);
    expect(heard).toEqual(['same 1', 'same 1', 'same 2']);
  });

  it('by clear, with all others', () => {
    const { dispatcher, heard, hear } = make();
    dispatcher.on('ping', hear('a'));
    dispatcher.once('pong', hear('b'));
    dispatcher.clear();
    dispatcher.emit('ping', 1);
    dispatcher.emit('pong', 'x');
    expect(heard).toEqual([]);
  });
});

describe('what is no function', () => {
  it('is refused by name', () => {
    const { dispatcher } = make();
    const wrong = 5 as unknown as () => void;
    for (const verb of ['on', 'once'] as const) {
      expect(() => dispatcher[verb]('ping', wrong)).toThrow(
        expect.objectContaining({
          code: 'HF_OPTION_INVALID',
          message: 'on("ping"): the listener must be a function, got number',
        }),
      );
    }
  });
});
