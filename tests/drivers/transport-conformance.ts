/**
 * What every transport must do, as one suite over a transport and a server to talk to: real
 * sockets for ws, scripted ones for a fake. It knows only `src/ports.ts`: it looks at what the two
 * ends hear and never at the operating system, and waits for words, never for time to pass.
 */

import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Transport } from '../../src/ports.ts';
import {
  hex,
  type Log,
  type MakeServer,
  type Manner,
  nextTurn,
  type PeerServer,
  payloadMax,
  spell,
  Witness,
} from './transport-witness.ts';

export function transportConformance(
  name: string,
  transport: Transport,
  makeServer: MakeServer,
): void {
  const start = async (manner: Manner) => {
    const server = await makeServer(manner);
    onTestFinished(() => server.dispose());
    return server;
  };
  const call = (server: PeerServer) => new Witness(transport, server.target());
  const meet = async () => {
    const server = await start('accepts');
    const client = call(server);
    const peer = await server.peer();
    await client.log.until('opened');
    await nextTurn();
    return { server, client, peer };
  };
  /** Resolves when a second conversation is over: what the first had to say, it has said. */
  const another = async (server: PeerServer) => {
    const client = call(server);
    const peer = await server.peer();
    await client.log.until('opened');
    client.handle.reset();
    await peer.log.until('gone');
  };

  describe(`${name} opens and talks: it`, () => {
    it('says nothing while it is being called', async () => {
      const server = await start('accepts');
      const client = call(server);
      expect(client.log.words).toEqual([]);
      await client.log.until('opened');
      const bad = new Witness(transport, { ...server.target(), url: 'no address at all' });
      expect(bad.log.words).toEqual([]);
      await bad.log.until('closed 1006');
      expect(bad.end?.error?.code).toBeTypeOf('string');
    });

    it('carries text and bytes both ways, whole and in order', async () => {
      const { client, peer } = await meet();
      const said = ['', 'grüße 🙂', 'x'.repeat(70_000), new Uint8Array([0, 255, 1])];
      for (const data of said) {
        client.handle.send(data);
        peer.send(data);
      }
      client.handle.send('last');
      peer.send('last');
      const words = [...said, 'last'].map(spell);
      await peer.log.until('text last');
      expect(peer.log.words).toEqual(words);
      await client.log.until('text last');
      expect(client.log.words).toEqual(['opened', ...words]);
    });

    it('leaves the bytes it was given as they were', async () => {
      const { client, peer } = await meet();
      const bytes = new Uint8Array([1, 2, 3, 4, 5]);
      client.handle.send(bytes);
      await peer.log.until('bytes 0102030405');
      expect(hex(bytes)).toBe('0102030405');
    });

    it('reports the pings and pongs of the peer, and answers its pings', async () => {
      const { client, peer } = await meet();
      peer.ping();
      await peer.log.until('pong');
      client.handle.ping();
      await client.log.until('pong');
      expect(peer.log.words).toEqual(['pong', 'ping']);
      expect(client.log.words).toEqual(['opened', 'ping', 'pong']);
    });

    it('answers for each frame once: handed over, or not', async () => {
      const { server, client, peer } = await meet();
      const handed = client.send('hello');
      await handed.until('done');
      client.handle.reset();
      await peer.log.until('gone');
      const late = client.send('too late');
      await late.until('done');
      const early = call(await start('waits')).send('too early');
      await early.until('done');
      await another(server);
      expect([handed, late, early].map((answers) => answers.words)).toEqual([
        ['done'],
        ['done not sent'],
        ['done not sent'],
      ]);
    });

    it('counts what it could not hand over yet, and answers for it when it is reset', async () => {
      const { server, client, peer } = await meet();
      expect(client.handle.bufferedBytes).toBe(0);
      peer.stall();
      const answers: Log[] = [];
      while (client.handle.bufferedBytes < 1_000_000) {
        answers.push(client.send('x'.repeat(90_000)));
        await nextTurn();
      }
      client.handle.reset();
      expect(client.handle.bufferedBytes).toBe(0);
      await another(server);
      expect(answers.filter((answer) => answer.words.length !== 1)).toEqual([]);
      expect(answers.at(-1)?.words).toEqual(['done not sent']);
    });
  });

  describe(`${name} ends: it`, () => {
    it('sends the close frame first, behind what was sent, and reports the answer', async () => {
      const { client, peer } = await meet();
      client.handle.send('last words');
      client.handle.close(4001, 'we are done');
      await client.log.until('closed');
      expect(peer.log.words.slice(0, 2)).toEqual(['text last words', 'close 4001 we are done']);
      expect(client.end).toEqual({ code: 4001, reason: 'we are done' });
    });

    it('reports the code and the reason of the peer', async () => {
      const { client, peer } = await meet();
      peer.close(1012, 'service restart');
      await client.log.until('closed');
      expect(client.end).toEqual({ code: 1012, reason: 'service restart' });
    });

    it('reports 1006 when the peer ends without a close frame', async () => {
      for (const how of ['end', 'reset'] as const) {
        const { client, peer } = await meet();
        peer[how]();
        await client.log.until('closed');
        expect(client.end).toMatchObject({ code: 1006, reason: '' });
      }
    });

    it('makes every code and reason fit into a close frame', async () => {
      const asked: [code: number, reason: string, heard: string][] = [
        [1005, 'a', 'close 1000 a'],
        [1006, 'b', 'close 1000 b'],
        [999, 'c', 'close 1000 c'],
        [Number.NaN, 'd', 'close 1000 d'],
        [3000.5, 'e', 'close 1000 e'],
        [5000, 'f', 'close 1000 f'],
        [4999, 'x'.repeat(200), `close 4999 ${'x'.repeat(123)}`],
        [1001, 'ä'.repeat(100), `close 1001 ${'ä'.repeat(61)}`],
        [1001, `${'x'.repeat(121)}🙂`, `close 1001 ${'x'.repeat(121)}`],
      ];
      for (const [code, reason, heard] of asked) {
        const { client, peer } = await meet();
        client.handle.close(code, reason);
        expect(await peer.log.until('close')).toBe(heard);
        await client.log.until('closed');
      }
    });

    it('closes with 1009 when a message is larger than allowed', async () => {
      const { client, peer } = await meet();
      peer.send('x'.repeat(payloadMax));
      await client.log.until('text xxx');
      peer.send('y'.repeat(payloadMax + 1));
      await client.log.until('closed 1009');
      expect(await peer.log.until('close')).toMatch(/^close 1009/);
      expect(client.log.count('text')).toBe(1);
    });

    it('reports the status and the words of a refusal', async () => {
      const server = await start('refuses');
      const client = call(server);
      await client.log.until('closed');
      expect(client.log.words).toEqual(['closed 1006']);
      expect(client.end).toMatchObject({ status: 503, reason: 'try later' });
      expect(client.end?.error?.code).toBe('HTTP_503');
    });

    it('reports 1006 and the cause when nobody is there', async () => {
      const server = await start('accepts');
      const target = server.target();
      await server.dispose();
      const client = new Witness(transport, target);
      await client.log.until('closed');
      expect(client.log.words).toEqual(['closed 1006']);
      expect(client.end?.error?.code).toBe('ECONNREFUSED');
    });

    it('tears down and reports, when it is closed before it opened', async () => {
      const server = await start('waits');
      const client = call(server);
      const peer = await server.peer();
      await nextTurn();
      client.handle.close(1000, 'never mind');
      client.handle.close(1000, 'never mind');
      await peer.log.until('gone');
      await client.log.until('closed');
      expect(peer.log.words).toEqual(['gone by reset']);
      const hasty = call(server);
      hasty.handle.close(1000, 'never mind');
      expect(hasty.log.words).toEqual([]);
      await hasty.log.until('closed');
      for (const one of [client, hasty]) expect(one.log.words).toEqual(['closed 1006']);
    });

    it('takes every call after the end in silence', async () => {
      const { client, peer } = await meet();
      peer.close(1000, '');
      await client.log.until('closed');
      const heard = [...client.log.words];
      client.handle.ping();
      client.handle.close(1000, '');
      client.handle.reset();
      client.handle.reset();
      expect(client.handle.bufferedBytes).toBe(0);
      expect(await client.send('late').until('done')).toBe('done not sent');
      expect(client.log.words).toEqual(heard);
    });
  });

  describe(`${name} resets: it`, () => {
    it('is silent from then on, whatever the peer still says', async () => {
      const { server, client, peer } = await meet();
      client.handle.reset();
      client.handle.reset();
      peer.send('are you there?');
      peer.close(1000, 'bye');
      await peer.log.until('gone');
      await another(server);
      expect(peer.log.words).toEqual([expect.stringMatching(/^gone by/)]);
      expect(client.log.words).toEqual(['opened']);
    });

    it('tears down a connection that was not answered yet', async () => {
      const server = await start('waits');
      const client = call(server);
      const peer = await server.peer();
      await nextTurn();
      client.handle.reset();
      await peer.log.until('gone');
      expect(peer.log.words).toEqual(['gone by reset']);
      expect(client.log.words).toEqual([]);
    });

    it('takes back a call that was only just made', async () => {
      const server = await start('accepts');
      const first = call(server);
      first.handle.reset();
      const second = call(server);
      await nextTurn();
      second.handle.reset();
      const failing = new Witness(transport, { ...server.target(), url: 'no address at all' });
      failing.handle.reset();
      const client = call(server);
      await client.log.until('opened');
      for (const one of [first, second, failing]) expect(one.log.count('closed')).toBe(0);
      expect(first.log.words).toEqual([]);
    });

    it('does not wait for an answer to its close frame', async () => {
      const { server, client, peer } = await meet();
      peer.stall();
      client.handle.close(1000, 'soon');
      await nextTurn();
      client.handle.reset();
      await another(server);
      expect(client.log.words).toEqual(['opened']);
    });

    it('can be called from every callback', async () => {
      for (const word of ['opened', 'text', 'ping']) {
        const server = await start('accepts');
        const client = call(server);
        client.onWord = (heard) => {
          if (heard.startsWith(word)) client.handle.reset();
        };
        const peer = await server.peer();
        peer.send('one');
        peer.ping();
        peer.send('two');
        await peer.log.until('gone');
        await another(server);
        expect(client.log.words.at(-1)).toMatch(word);
        expect(client.log.count('text two')).toBe(0);
      }
    });
  });

  describe(`${name} never throws: it`, () => {
    it('survives a consumer that does', async () => {
      const { client, peer } = await meet();
      client.onWord = () => {
        throw new Error('a consumer that breaks its word');
      };
      client.handle.send('a', () => {
        throw new Error('and another');
      });
      peer.send('b');
      peer.ping();
      peer.send('c');
      peer.close(4000, 'enough');
      await client.log.until('closed');
      expect(client.log.words).toEqual(['opened', 'text b', 'ping', 'text c', 'closed 4000']);
    });

    it('closes exactly once in any story, or never after a reset', {
      timeout: 60_000,
    }, async () => {
      const server = await start('accepts');
      const verbs = ['send', 'ping', 'close', 'reset', 'end', 'wait'] as const;
      const step = fc.tuple(fc.constantFrom('client', 'peer'), fc.constantFrom(...verbs));
      const story = fc.array(step, { maxLength: 12 });
      const tell = async (steps: [string, (typeof verbs)[number]][]) => {
        const client = call(server);
        const peer = await server.peer();
        let words: string[] | undefined;
        for (const [who, verb] of steps) {
          if (verb === 'wait') await nextTurn();
          else if (verb === 'send') (who === 'peer' ? peer : client.handle).send('x');
          else if (verb === 'close') (who === 'peer' ? peer : client.handle).close(4000, 'x');
          else if (verb === 'ping') (who === 'peer' ? peer : client.handle).ping();
          else if (who === 'peer') peer[verb]();
          else if (verb === 'reset') {
            client.handle.reset();
            words ??= [...client.log.words];
          }
        }
        peer.reset();
        if (words === undefined) await client.log.until('closed');
        else await nextTurn();
        words ??= client.log.words.slice(0, client.log.words.findIndex(isClosed) + 1);
        expect(client.log.words).toEqual(words);
        expect(words.indexOf('opened')).toBeLessThanOrEqual(0);
        if (words.some((word) => !isClosed(word))) expect(words[0]).toBe('opened');
      };
      await fc.assert(fc.asyncProperty(story, tell), { numRuns: 150 });
    });
  });
}

const isClosed = (word: string) => word.startsWith('closed');
