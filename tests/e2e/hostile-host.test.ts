/**
 * A host that does its worst: listeners and functions of it throw, reject, hang, remove themselves
 * and call back in. Starts and stops settle within their bounds, what
 * failed is named, nothing escapes as an unhandled error and nothing is left. Most of it runs in
 * processes of its own, which print what they saw.
 */

import { describe, expect, it } from 'vitest';
import { RealServer } from '../drivers/ws-peers.ts';
import { carriers, keepHouse } from './house.ts';
import { expectBounds, lives, prelude } from './lives.ts';
import { program } from './servers.ts';

keepHouse();

describe('a function of the host', () => {
  it('that throws, rejects or hangs is named; start and stop settle, nothing escapes', async () => {
    const server = await RealServer.start('accepts');
    const run = program(`${prelude(server.target().url)}
      const all = [];
      for (const [way, fails] of Object.entries(ways)) {
        for (const option of ['url', 'credentials', 'authorize']) {
          const make = () => hf.connect(linkOf({ [option]: fails }));
          all.push(live('link.' + option + ' ' + way, make));
        }
        for (const option of ['plan', 'beforeSpawn']) {
          const make = () => hf.supervise(processOf({ [option]: fails }));
          all.push(live('process.' + option + ' ' + way, make));
        }
        const probing = () => hf.supervise(processOf({ ready: { probe: fails }, readyMs: 400 }));
        all.push(live('process.ready.probe ' + way, probing));
        const asking = () => hf.supervise(processOf({ ready: { http: fails }, readyMs: 400 }));
        all.push(live('process.ready.http ' + way, asking));
      }
      print(await Promise.all(all));
    `);
    const all = await lives(run);
    expect(all).toHaveLength(21);
    expectBounds(all);
    for (const { name, is, told } of all) {
      const [option = '', way] = name.split(' ');
      expect([name, is]).not.toEqual([name, 'running']);
      const said = way === 'hangs' ? `${option} had not answered` : `${option} failed: boom`;
      expect([name, told.find((text) => text.includes(said)) ?? told]).toEqual([
        name,
        expect.stringContaining(said),
      ]);
    }
    expect(carriers()).toEqual([]);
  });

  it('that only looks on harms nothing: output, logger, inspect, onConnected', async () => {
    const server = await RealServer.start('accepts');
    const run = program(`${prelude(server.target().url)}
      const all = [];
      for (const [way, fails] of Object.entries(ways)) {
        const logger = { debug: fails, info: fails, warn: fails, error: fails };
        const make = {
          logger: () => hf.createGateway({ process: processOf(), link: linkOf(), logger }),
          inspect: () => hf.createGateway({ process: processOf(), link: linkOf(), inspect: fails }),
          'inspect.watch': () => {
            const inspect = { next() {}, watch: fails };
            return hf.createGateway({ process: processOf(), link: linkOf(), inspect });
          },
          'process.classify': () => hf.supervise(processOf({ classify: fails })),
          'process.output': () => hf.supervise(processOf({ output: fails })),
          onConnected: () => {
            const gateway = hf.connect(linkOf());
            gateway.onConnected(fails);
            return gateway;
          },
        };
        for (const [option, one] of Object.entries(make)) {
          all.push(live(option + ' ' + way, one));
        }
      }
      print(await Promise.all(all));
    `);
    const all = await lives(run);
    expect(all).toHaveLength(18);
    expectBounds(all);
    for (const { name, is, told } of all) {
      const [option, way] = name.split(' ');
      expect([name, is]).toEqual([name, 'running']);
      const named = option?.split('.watch')[0] ?? '';
      const said = told.some((text) => text.includes(named) && text.endsWith(': boom'));
      expect([name, said]).toEqual([name, way !== 'hangs']);
    }
    expect(carriers()).toEqual([]);
  });
});

describe('a listener', () => {
  it('DS-30, CH-26, CH-29, DS-03: may throw, reject, re-enter and remove itself', async () => {
    const server = await RealServer.start('accepts');
    const run = program(`${prelude(server.target().url)}
      const events = ['status', 'ready', 'diagnostic', 'exit', 'restart', 'message', 'event'];
      events.push('metric');
      const all = [];
      for (const [way, fails] of Object.entries(ways)) {
        all.push(live('all ' + way, () => {
          const gateway = hf.createGateway({ process: processOf(), link: linkOf() });
          for (const name of events) gateway.on(name, fails);
          return gateway;
        }));
      }
      print(await Promise.all(all));

      const seen = [];
      const gateway = hf.createGateway({ process: processOf(), link: linkOf() });
      const states = ['starting', 'running', 'stopping'];
      for (const state of states) {
        gateway.on('status', (status) => { if (status.state === state) boom(); });
      }
      const self = () => { seen.push('self'); gateway.off('status', self); };
      gateway.on('status', self);
      gateway.on('status', ({ state }) => { if (seen.at(-1) !== state) seen.push(state); });
      await gateway.start();
      await gateway.ready();
      const again = await gateway.restart();
      await gateway.stop();
      await gateway.start();
      await gateway.ready();

      let stopping;
      gateway.on('status', ({ state }) => {
        if (state === 'reconnecting' || state === 'restarting') stopping ??= gateway.stop();
      });
      await gateway.restart().catch(() => {});
      const stopped = await stopping;
      const { state, process: own, connection } = gateway.status;

      const other = hf.connect(linkOf());
      let inner;
      other.on('status', (status) => { if (status.state === 'running') inner ??= other.stop(); });
      await other.start();
      const ready = await timed(other.ready());
      await inner;
      const reentered = [other.status.state, other.status.connection === undefined];

      const disposing = hf.connect(linkOf());
      const last = [];
      disposing.on('status', boom);
      disposing.on('status', ({ state }) => { last.push(state); void disposing.dispose(); });
      await disposing.start();
      await disposing.ready().catch(() => {});
      await disposing.dispose();
      await new Promise(setImmediate);
      await Promise.all([gateway.dispose(), other.dispose()]);
      console.log(JSON.stringify({
        seen, again: again.outcome, stopped, state, own, connection, reentered,
        disposed: [disposing.status.state, last.at(-1)],
      }));
    `);
    const all = await lives(run);
    const told = all.pop() as unknown as Record<string, unknown>;
    expect(all.map(({ name, is }) => [name, is])).toEqual(
      ['throws', 'rejects', 'hangs'].map((way) => [`all ${way}`, 'running']),
    );
    expectBounds(all);
    expect(told).toEqual({
      seen: ['self', 'starting', 'running', 'restarting', 'running', 'stopping', 'stopped'].concat([
        'starting',
        'running',
        'restarting',
        'stopping',
        'stopped',
      ]),
      again: 'replaced',
      stopped: { gone: true, how: expect.any(String) },
      state: 'stopped',
      reentered: ['stopped', true],
      disposed: ['disposed', 'disposed'],
    });
    expect(carriers()).toEqual([]);
  });
});
