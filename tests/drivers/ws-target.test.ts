/**
 * Where the ws driver connects to and with what: addresses, credentials, options passed through,
 * and the promise that none of the secrets in them comes back in an error.
 */

import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wsTransport } from '../../src/drivers/ws.ts';
import type { TransportTarget } from '../../src/ports.ts';
import { nextTurn, payloadMax, Witness } from './transport-witness.ts';
import { RealServer, startRaw } from './ws-peers.ts';

const call = (target: TransportTarget) => new Witness(wsTransport, target);
const at = (url: string, more: Partial<TransportTarget> = {}): TransportTarget => ({
  url,
  maxPayloadBytes: payloadMax,
  ...more,
});

describe('an address', () => {
  it('may say http, and what it says about a user becomes a header', async () => {
    const server = await RealServer.start('accepts');
    const url = `http://ann:p%40ss@127.0.0.1:${server.port}/way?token=secret`;
    const basic = `Basic ${Buffer.from('ann:p@ss').toString('base64')}`;
    call(at(url));
    const { request: plain } = await server.peer();
    expect(plain.headers.authorization).toBe(basic);
    expect(plain.url).toBe('/way?token=secret');
    call(at(url, { headers: { authorization: 'Bearer mine', 'X-Mine': 'yes' } }));
    const { request: own } = await server.peer();
    expect(own.headers).toMatchObject({ authorization: 'Bearer mine', 'x-mine': 'yes' });
    expect(own.headers['sec-websocket-extensions']).toBeUndefined();
  });

  it('can be a unix socket, which has no reset but an end', async () => {
    const path = join(tmpdir(), `holdfast-${process.pid}.sock`);
    const server = await RealServer.start('accepts', { host: path });
    const client = call(at(`ws+unix:${path}:/chat?x=1`));
    const peer = await server.peer();
    await client.log.until('opened');
    expect(peer.request.url).toBe('/chat?x=1');
    client.handle.send('hello');
    await peer.log.until('text hello');
    client.handle.reset();
    await peer.log.until('gone');
    expect(client.log.words).toEqual(['opened']);
  });

  it('keeps its secrets, whatever goes wrong', async () => {
    const secrets = ['s3cret-pass', 'tok3n-value', 'h3ader-value', 'czNjcmV0LXBhc3M'];
    const user = 'ann:s3cret-pass@';
    const query = '?token=tok3n-value';
    const closed = await RealServer.start('refuses');
    const free = closed.port;
    await closed.dispose();
    const agent = new (class extends Agent {
      override createConnection = () => {
        throw new Error(`cannot reach ws://${user}host/${query} with h3ader-value`);
      };
    })();
    const addresses = [
      `ws://${user}127.0.0.1:1/${query}`,
      `ws://${user}nowhere.invalid/${query}`,
      `ftp://${user}127.0.0.1:${free}/${query}`,
      `ws://${user}127.0.0.1:${free}/${query}#x`,
      `ws://${user}[::1/${query}`,
      `ws://${user}127.0.0.1:99999/${query}`,
    ].map((url) => at(url, { headers: { 'X-Key': 'h3ader-value' } }));
    addresses.push(
      at(`ws://${user}127.0.0.1:1/${query}`, { headers: { 'X-Key': '\nh3ader-value' } }),
    );
    addresses.push(
      at(`ws://${user}host/${query}`, { agent, headers: { 'X-Key': 'h3ader-value' } }),
    );
    for (const target of addresses) {
      const client = call(target);
      await client.log.until('closed 1006');
      expect(client.log.words).toEqual(['closed 1006']);
      expect(client.end?.error?.message).not.toBe('');
      for (const secret of secrets) expect(JSON.stringify(client.end)).not.toContain(secret);
    }
    const server = await startRaw();
    const url = `ws://127.0.0.1:${server.port}/`;
    const client = call(at(url, { headers: { Authorization: 'h3ader-value' } }));
    const peer = await server.peer();
    await peer.log.until('request');
    peer.socket.end('HTTP/1.1 403 No\r\n\r\nyour key h3ader-value is unknown');
    await client.log.until('closed');
    expect(client.end?.reason).toBe('your key *** is unknown');
  });

  it('is taken as given: subprotocols and agent', async () => {
    const server = await RealServer.start('accepts');
    let used = 0;
    const agent = new (class extends Agent {
      override createConnection(...args: Parameters<Agent['createConnection']>) {
        used += 1;
        return super.createConnection(...args);
      }
    })();
    const client = call(server.target({ agent, subprotocols: ['one', 'two'] }));
    const peer = await server.peer();
    await client.log.until('opened');
    expect(used).toBe(1);
    expect(peer.request.headers['sec-websocket-protocol']).toBe('one,two');
    await nextTurn();
    client.handle.reset();
    expect(await peer.log.until('gone')).toBe('gone by reset');
    for (const subprotocols of [['not a token'], ['twice', 'twice']]) {
      const wrong = call(server.target({ subprotocols }));
      await wrong.log.until('closed 1006');
    }
  });

  it('or an option that cannot be used ends the call, once and without a throw', async () => {
    const server = await RealServer.start('accepts');
    const unusable = [
      { ca: 5 },
      { agent: 5 },
      { headers: { 'no name': 'x' } },
      { headers: { name: '\u0000' } },
      { headers: 5 },
      { subprotocols: 5 },
      { url: undefined },
      { url: '' },
      { url: 'ws://127.0.0.1:70000/' },
      { fingerprint: 5 },
      { maxPayloadBytes: 'many', url: 'wss://' },
    ] as unknown as Partial<TransportTarget>[];
    for (const more of unusable) {
      const client = call(server.target(more));
      expect(client.log.words).toEqual([]);
      client.handle.close(1000, '');
      await client.log.until('closed 1006');
      expect(client.log.words).toEqual(['closed 1006']);
      expect(client.end?.error?.code).not.toBe('');
    }
  });
});
