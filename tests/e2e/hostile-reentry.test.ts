/**
 * A host that calls back in: every function and listener of it calls a verb of the same gateway
 * from inside, in the middle of whatever called it. Each such call settles with the truth, the
 * gateway can be stopped and disposed afterwards, nothing escapes and nothing is left.
 */

import { describe, expect, it } from 'vitest';
import { carriers, keepHouse } from './house.ts';
import { lives, prelude } from './lives.ts';
import { greeter, program } from './servers.ts';

keepHouse();

interface Reentry {
  name: string;
  entered: number;
  inner: { value: { gone?: boolean; how?: string } | string | null; ms: number };
  after: string;
  gone: boolean;
  ended: boolean;
  slowestMs: number;
}

/** Each takes `enter`, which calls the verb the first time it is called, and makes a gateway. */
const links = `
  const answering = (name, enter, answer) => ({
    [name]: (...given) => (enter(), answer(...given)),
  });
  const session = (name, enter) => ({
    ...asks,
    session(host) {
      if (name === 'session') enter();
      const one = Object.assign(asks.session(host), { request: () => 'x' });
      const own = one[name]?.bind(one);
      if (own !== undefined) one[name] = (...given) => (enter(), own(...given));
      return one;
    },
  });
  const socket = (name, enter) => (target, events) => {
    if (name === 'dial') enter();
    setImmediate(() => events.opened());
    const end = () => setImmediate(() => events.closed({ code: 1000, reason: '' }));
    const one = { bufferedBytes: 0, send() {}, ping() {}, close: end, reset() {} };
    const own = one[name];
    if (own !== undefined) one[name] = (...given) => (enter(), own(...given));
    return one;
  };
  const reading = (name, enter) => {
    const own = {
      now: () => performance.now(), wallNow: () => Date.now(),
      setTimeout: (run, ms) => setTimeout(run, ms), clearTimeout: (id) => clearTimeout(id),
    };
    return { ...own, ...answering(name, enter, own[name]) };
  };
  const made = {};
  made['link.url'] = (enter) => hf.connect(linkOf(answering('url', enter, () => url)));
  made['link.credentials'] = (enter) =>
    hf.connect(linkOf(answering('credentials', enter, () => 1)));
  made['link.authorize'] = (enter) =>
    hf.connect(linkOf(answering('authorize', enter, () => true)));
  for (const name of ['session', 'opened', 'credentials', 'hello', 'frame', 'ended', 'closing',
    'probe', 'request']) {
    made['link.protocol ' + name] = (enter) =>
      hf.connect(linkOf({ protocol: session(name, enter), limits: { closeMs: 5_000 } }));
  }
  for (const name of ['dial', 'send', 'ping', 'close', 'reset']) {
    made['link.transport ' + name] = (enter) =>
      hf.connect(linkOf({ transport: socket(name, enter) }));
  }
  for (const name of ['now', 'wallNow', 'setTimeout', 'clearTimeout']) {
    made['clock.' + name] = (enter) => hf.connect(linkOf(), { clock: reading(name, enter) });
  }
  made['inspect'] = (enter) => hf.connect(linkOf(), { inspect: enter });
  made['observer'] = (enter) => hf.connect(linkOf(), { inspect: { next: enter } });
  made['logger'] = (enter) => hf.connect(linkOf(), {
    logger: { debug: enter, info: enter, warn: enter, error: enter },
  });
  for (const name of ['status', 'ready', 'event', 'message']) {
    made['on ' + name] = (enter) => hf.connect(linkOf()).on(name, enter);
  }
  made['on diagnostic'] = (enter) => {
    let fails = true;
    const once = () => { if (fails) { fails = false; boom(); } return url; };
    return hf.connect(linkOf({ url: once })).on('diagnostic', enter);
  };
  made['onConnected'] = (enter) => {
    const gateway = hf.connect(linkOf());
    gateway.onConnected(enter);
    return gateway;
  };
  made['abort of a connection'] = (enter) => {
    const gateway = hf.connect(linkOf());
    gateway.onConnected(({ signal }) => signal.addEventListener('abort', enter));
    return gateway;
  };
  made['abort of an attempt'] = (enter) => {
    const credentials = ({ signal }) => { signal.addEventListener('abort', enter); };
    return hf.connect(linkOf({ credentials }));
  };
`;

const services = `
  const made = {};
  const plan = (enter) => () => (enter(), { command });
  made['process.plan'] = (enter) => hf.supervise(processOf({ plan: plan(enter) }));
  made['process.beforeSpawn'] = (enter) => hf.supervise(processOf({ beforeSpawn: enter }));
  const probe = (enter) => () => (enter(), true);
  made['process.ready.probe'] = (enter) =>
    hf.supervise(processOf({ ready: { probe: probe(enter) } }));
  const http = (enter) => () => (enter(), url.replace('ws', 'http'));
  made['process.ready.http'] = (enter) =>
    hf.supervise(processOf({ ready: { http: http(enter) }, readyMs: 400 }));
  made['process.output'] = (enter) => hf.supervise(processOf({ output: enter }));
  made['restart listener'] = (enter) => hf.supervise(processOf()).on('restart', enter);
  made['exit listener'] = (enter) => hf.supervise(processOf()).on('exit', enter);
  for (const name of ['launch', 'terminate', 'kill', 'release']) {
    made['process.driver ' + name] = (enter) => {
      const driver = (plan, events) => {
        if (name === 'launch') enter();
        setImmediate(() => { events.spawned(4_000_000); events.line('stdout', 'up'); });
        let over = false;
        const end = () => setImmediate(() => {
          if (over) return;
          over = true;
          events.exited({ code: null, signal: 'SIGKILL' });
          events.empty();
        });
        const one = { terminate() {}, kill: end, release() { over = true; } };
        const own = one[name];
        if (own !== undefined) one[name] = () => (enter(), own());
        return one;
      };
      return hf.supervise(processOf({ driver, stop: { graceMs: 20, killMs: 500 } }));
    };
  }
`;

const reenter = (verb: string) => `
  async function reenter(name, make) {
    let gateway;
    let entered = 0;
    let inner;
    let slowestMs = 0;
    const slowly = async (promise) => {
      const { value, ms } = await timed(promise);
      slowestMs = Math.max(slowestMs, ms);
      return value;
    };
    const enter = () => {
      if (gateway === undefined || entered++ > 0) return;
      try {
        inner = timed(Promise.resolve(gateway.${verb}(...${verb === 'retarget' ? '[{}]' : '[]'})));
      } catch (error) {
        inner = { value: 'threw ' + String(error), ms: 0 };
      }
    };
    gateway = make(enter);
    await slowly(gateway.start());
    await timed(gateway.ready({ timeoutMs: 8_000 }));
    await timed(gateway.probe({ timeoutMs: 50 }));
    await timed(gateway.request('x', {}, { timeoutMs: 50 }));
    gateway.send('x');
    await turns();
    await inner;
    await timed(gateway.restart());
    await inner;
    await slowly(gateway.stop());
    await turns();
    const settled = await inner;
    const stop = await slowly(gateway.stop());
    const after = gateway.status.state;
    const end = await slowly(gateway.dispose());
    const { gone } = stop;
    return { name, entered, inner: settled ?? null, after, gone, ended: end.gone, slowestMs };
  }
  const all = Object.entries(made).map(([name, make]) => reenter(name, make));
  print(await Promise.all(all));
`;

describe('a verb that is called from inside', () => {
  const kinds = { 'a function of a link': links, 'a function of a service': services };
  const verbs = ['stop', 'dispose', 'restart', 'start', 'retarget'];
  const table = Object.entries(kinds).flatMap(([kind, made]) =>
    verbs.map((verb) => [kind, verb, made] as const),
  );

  it.each(table)('%s settles with the truth: %s', async (_kind, verb, made) => {
    const run = program(`${prelude(await greeter())} ${made} ${reenter(verb)}`);
    const all = await lives<Reentry>(run);
    expect(all.length).toBeGreaterThan(10);
    for (const { name, entered, inner, after, gone, ended, slowestMs } of all) {
      expect([name, entered > 0, gone, ended]).toEqual([name, true, true, true]);
      const states = verb === 'dispose' ? ['disposed'] : ['stopped'];
      expect([name, states.includes(after) ? 'over' : after]).toEqual([name, 'over']);
      expect([name, Math.max(slowestMs, inner.ms) < 12_000]).toEqual([name, true]);
      const { value } = inner;
      if (verb === 'stop' || verb === 'dispose') {
        // what is called within the start itself comes before that start
        const early = verb === 'stop' && /^(clock|inspect|observer)/.test(name);
        const superseded = { gone: false, how: 'superseded by a later start()' };
        if (early && JSON.stringify(value) === JSON.stringify(superseded)) continue;
        expect([name, value]).toEqual([name, { gone: true, how: expect.any(String) }]);
      } else if (typeof value === 'string') {
        expect([name, value]).toEqual([name, expect.stringMatching(/^HF_/)]);
      }
    }
    expect(carriers()).toEqual([]);
  });
});
