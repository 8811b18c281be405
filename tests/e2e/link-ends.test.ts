/**
 * How a link ends on the wire, in every phase it can be in: a dispose is a reset, a stop and a
 * refused handshake say their close code first and do not wait for ever, and nothing of ours is
 * left in TIME_WAIT. The servers are real; what they say they saw is the proof.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as dialTcp, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Connection, connect } from '../../src/index.ts';
import { clientState, frame, type RawPeer, RealServer, startRaw } from '../drivers/ws-peers.ts';
import { failure, keep, keepHouse, reaches, until } from './house.ts';
import { knock } from './knock.ts';
import { spoken } from './servers.ts';

keepHouse();

const never = () => new Promise<never>(() => {});
/** Nothing is tried twice while a test looks at one attempt. */
const once1 = { firstMs: 60_000, maxMs: 60_000 };

interface Reached {
  link: Connection;
  /** what the server saw of us so far, when there is a server */
  peer?: Pick<RawPeer, 'log' | 'socket'>;
}

/** A link in the middle of its handshake with a peer that answers each word by hand. */
async function knocking(credentials: () => unknown = () => 'secret'): Promise<Reached> {
  const server = await RealServer.start('accepts');
  const { url } = server.target();
  const link = keep(connect({ url, protocol: knock(), credentials, reconnect: once1 }));
  await link.start();
  const peer = await server.peer();
  await reaches(link, { phase: 'authenticating' });
  return { link, peer };
}

async function opened(): Promise<Reached & { peer: Awaited<ReturnType<RealServer['peer']>> }> {
  const server = await RealServer.start('accepts');
  const link = keep(connect({ url: server.target().url, protocol: 'plain', reconnect: once1 }));
  await link.start();
  await link.ready();
  return { link, peer: await server.peer() };
}

/** A listener that never accepts and whose queue is full: TCP itself is left without an answer. */
async function fullQueue(): Promise<number> {
  const program = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 },
    function () { console.log(this.address().port); });`;
  const child: ChildProcess = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe'] });
  const fillers: Socket[] = [];
  onTestFinished(async () => {
    for (const filler of fillers) filler.destroy();
    child.kill('SIGKILL');
    await once(child, 'close');
  });
  const [line] = child.stdout ? await once(child.stdout, 'data') : [''];
  child.kill('SIGSTOP');
  const port = Number(line);
  for (let queued = 0; queued < 2; queued += 1) {
    const filler = dialTcp(port, '127.0.0.1').on('error', () => {});
    fillers.push(filler);
    await once(filler, 'connect');
  }
  return port;
}

const phases: Record<string, () => Promise<Reached>> = {
  'the lookup hangs': async () => {
    const link = keep(connect({ url: never, protocol: 'plain' }));
    await link.start();
    await reaches(link, { phase: 'locating' });
    return { link };
  },
  'TCP connects': async () => {
    const url = `ws://127.0.0.1:${await fullQueue()}`;
    const link = keep(connect({ url, protocol: 'plain' }));
    await link.start();
    await reaches(link, { phase: 'dialing' });
    return { link };
  },
  'the upgrade is pending': async () => {
    const server = await RealServer.start('waits');
    const link = keep(connect({ url: server.target().url, protocol: 'plain' }));
    await link.start();
    return { link, peer: await server.peer() };
  },
  'the challenge is awaited': () => knocking(),
  'credentials are asked for': async () => {
    let asked = () => {};
    const asking = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const reached = await knocking(() => {
      asked();
      return never();
    });
    (reached.peer as Awaited<ReturnType<RealServer['peer']>>).send('challenge');
    await asking;
    return reached;
  },
  'the hello is unanswered': async () => {
    const reached = await knocking();
    (reached.peer as Awaited<ReturnType<RealServer['peer']>>).send('challenge');
    await reached.peer?.log.until('text hello secret');
    return reached;
  },
  'the link is open': opened,
  'its close frame is out': async () => {
    const { link, peer } = await answersNothing();
    void link.stop();
    await peer.log.until('close 1000');
    return { link, peer };
  },
  'it waits for the next try': async () => {
    const server = await startRaw();
    const url = `ws://127.0.0.1:${server.port}`;
    const link = keep(connect({ url, protocol: 'plain', reconnect: once1 }));
    await link.start();
    (await server.peer()).socket.resetAndDestroy();
    await reaches(link, { phase: 'backing-off' });
    return { link };
  },
};

/** An open link to a peer that reads our close frame and does not answer it. */
async function answersNothing(): Promise<{ link: Connection; peer: RawPeer }> {
  const server = await startRaw();
  const url = `ws://127.0.0.1:${server.port}`;
  const link = keep(connect({ url, protocol: 'plain', reconnect: once1 }));
  await link.start();
  const peer = await server.peer();
  await peer.upgrade();
  await link.ready();
  return { link, peer };
}

describe('dispose, DS-04,', () => {
  for (const [phase, reach] of Object.entries(phases)) {
    it(`is a reset and leaves no TIME_WAIT while ${phase}`, async () => {
      const { link, peer } = await reach();
      const state = peer === undefined ? () => undefined : clientState(peer);
      const heard = peer?.log.words.length ?? 0;
      expect(await link.dispose()).toEqual({ gone: true, how: 'the connection is closed' });
      if (peer !== undefined) {
        expect(await peer.log.until('gone')).toBe('gone by reset');
        expect(peer.log.words.slice(heard)).toEqual(['gone by reset']);
      }
      expect(state()).toBeUndefined();
    });
  }
});

describe('stop', () => {
  const polite = ['the challenge', 'credentials', 'the hello', 'the link is open'];
  for (const [phase, reach] of Object.entries(phases)) {
    const says = polite.some((start) => phase.startsWith(start)) ? ['close 1000'] : [];
    const how = says.length > 0 ? 'says 1000 first' : 'closes nothing that is not open';
    it(`${how} and leaves nothing while ${phase}`, async () => {
      const { link, peer } = await reach();
      const state = peer === undefined ? () => undefined : clientState(peer);
      const heard = peer?.log.words.length ?? 0;
      expect(await link.stop()).toEqual({ gone: true, how: 'the connection is closed' });
      expect(link.status).toMatchObject({ state: 'stopped', intent: 'unwanted' });
      if (peer !== undefined) {
        await peer.log.until('gone');
        const closes = peer.log.words.slice(heard).filter((word) => word.startsWith('close'));
        expect(closes.map((word) => word.slice(0, 10))).toEqual(says);
      }
      expect(state()).not.toBe('06');
    });
  }

  it('waits 250 ms for an answer to its close frame, then resets', async () => {
    const { link, peer } = await answersNothing();
    const state = clientState(peer);
    const asked = performance.now();
    await link.stop();
    const took = performance.now() - asked;
    expect(peer.log.words).toContain('close 1000');
    expect(await peer.log.until('gone')).toBe('gone by reset');
    expect(state()).toBeUndefined();
    expect(took).toBeGreaterThan(245);
    expect(took).toBeLessThan(9_000);
  });

  it('DS-20, DS-21: overlaps and repeats without a second close frame', async () => {
    const { link, peer } = await opened();
    const both = await Promise.all([link.stop(), link.stop()]);
    expect(both).toEqual([both[0], { gone: true, how: 'the connection is closed' }]);
    expect(await link.stop()).toEqual(both[0]);
    expect(peer.log.count('close 1000')).toBe(1);
  });

  it('DS-01: eight disposals at once are one reset', async () => {
    const { link, peer } = await opened();
    const all = await Promise.all(Array.from({ length: 8 }, () => link.dispose()));
    expect(all).toEqual(all.map(() => ({ gone: true, how: 'the connection is closed' })));
    await peer.log.until('gone');
    expect(peer.log.words).toEqual(['gone by reset']);
  });

  it('DS-07: a disposed link refuses every verb by name', async () => {
    const link = keep(connect({ url: 'ws://127.0.0.1:1', protocol: 'jsonrpc' }));
    await link.dispose();
    const verbs = [
      link.start(),
      link.ready(),
      link.nextReady(),
      link.retryNow(),
      link.resume(),
      link.retarget({ url: 'ws://127.0.0.1:2' }),
    ];
    const codes = await Promise.all(verbs.map(async (verb) => (await failure(verb)).code));
    expect(codes).toEqual(codes.map(() => 'HF_DISPOSED'));
    expect((await failure(link.request('add'))).delivery).toBe('not-sent');
    expect(link.send('x')).toBe('refused');
    expect((await link.probe()).ok).toBe(false);
  });
});

describe('a refused handshake', () => {
  async function refused() {
    const server = await startRaw();
    const url = `ws://127.0.0.1:${server.port}`;
    const link = keep(connect({ url, protocol: knock(), reconnect: once1 }));
    await link.start();
    const peer = await server.peer();
    await peer.upgrade(frame(0x81, 'challenge'));
    await until('the hello', () => spoken(peer.text).length === 1);
    const at = performance.now();
    peer.socket.write(frame(0x81, 'refused your key is old'));
    return { link, peer, at, server };
  }

  it('sends 1008 first, waits 250 ms at most, and ends in a reset', async () => {
    const { link, peer, at } = await refused();
    const state = clientState(peer);
    expect(await peer.log.until('gone')).toBe('gone by reset');
    const took = performance.now() - at;
    expect(spoken(peer.text)).toEqual(['text hello undefined', 'close 1008 refused']);
    expect(state()).toBeUndefined();
    expect(took).toBeGreaterThan(245);
    expect(took).toBeLessThan(9_000);
    await reaches(link, { phase: 'paused' });
  });

  it('pauses the link, names the reason, and is asked again by resume', async () => {
    const { link, server } = await refused();
    const error = await failure(link.ready());
    expect([error.code, error.message]).toEqual([
      'HF_CREDENTIALS',
      'your key is old; give other credentials and call resume()',
    ]);
    expect(link.status.line).toBe(
      'starting      your key is old; waiting for other credentials: resume() tries again',
    );
    expect(link.status.error?.code).toBe('HF_CREDENTIALS');
    await link.resume();
    const again = link.ready();
    expect(link.status).toMatchObject({ phase: 'locating', attempt: 2 });
    expect(link.status.error).toBeUndefined();
    const peer = await server.peer();
    await peer.upgrade(frame(0x81, 'challenge'));
    await until('the hello', () => spoken(peer.text).length === 1);
    peer.socket.write(frame(0x81, 'welcome'));
    expect(await again).toMatchObject({ state: 'running' });
  });
});
