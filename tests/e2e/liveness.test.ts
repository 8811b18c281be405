/**
 * Silence: how a hung peer is found, and who is not to be taken for one. The bounds follow from
 * the options alone; the host's own absence (SIGSTOP) must never count as the peer's.
 */

import { describe, expect, it } from 'vitest';
import { type Connection, connect, type Link } from '../../src/index.ts';
import { clientState, frame, type RawPeer, startRaw } from '../drivers/ws-peers.ts';
import { keep, keepHouse, reaches, until, witness } from './house.ts';
import { program, spoken } from './servers.ts';

keepHouse();

const quick = { firstMs: 10, maxMs: 40, jitter: 0 };
const beat = { mode: 'probe', silenceMs: 120, waitMs: 80, probeMs: 80, probes: 2 } as const;
const pong = frame(0x8a);

/** A link to a peer that hears every ping and answers none of them by itself. */
async function mute(heartbeat: Link['heartbeat']): Promise<{ link: Connection; peer: RawPeer }> {
  const server = await startRaw();
  const url = `ws://127.0.0.1:${server.port}`;
  const options = { url, protocol: 'plain', reconnect: quick, ...(heartbeat && { heartbeat }) };
  const link = keep(connect(options as Link));
  await link.start();
  const peer = await server.peer();
  await peer.upgrade();
  await link.ready();
  return { link, peer };
}

const pings = ({ text }: RawPeer) => spoken(text).filter((word) => word === 'ping').length;

describe('a hung peer', () => {
  it('HB-20: is found after silence and two probes, no sooner or later, and reset', async () => {
    const { link, peer } = await mute(beat);
    const state = clientState(peer);
    const from = performance.now();
    await reaches(link, { phase: 'suspect' });
    expect(link.status).toMatchObject({ state: 'running', health: { state: 'degraded' } });
    await reaches(link, { phase: 'probing' });
    expect(link.status.health).toEqual({ state: 'unresponsive', reasons: ['unresponsive'] });
    expect(await peer.log.until('gone')).toBe('gone by reset');
    const took = performance.now() - from;
    const bound = beat.silenceMs + beat.waitMs + beat.probeMs;
    expect(took).toBeGreaterThan(bound - 40);
    expect(took).toBeLessThan(bound + 9_000);
    expect(spoken(peer.text)).toEqual(['ping', 'ping']);
    expect(state()).toBeUndefined();
    expect(link.status.connection).toBeUndefined();
  });

  it('says in one line that it was silent, and for how long', async () => {
    const { link, peer } = await mute(beat);
    const seen = witness(link);
    await peer.log.until('gone');
    await reaches(link, { state: 'reconnecting' });
    const lines = seen.lines.join('\n');
    expect(lines).toMatch(/^running +no sign of life for more than 120 ms/m);
    expect(link.status.line).toMatch(
      /^reconnecting {2}the peer was silent for \d{3} ms, also when/,
    );
  });

  it('HB-01: in mode misses is found after the third miss, not after the second', async () => {
    const misses = { mode: 'misses', everyMs: 60, waitMs: 30, missesMax: 3 } as const;
    const { link, peer } = await mute(misses);
    await peer.log.until('gone by reset');
    expect(spoken(peer.text)).toEqual(['ping', 'ping', 'ping']);
    await reaches(link, { state: 'reconnecting' });
  });

  it('HB-24: in mode observe is noted and kept', async () => {
    const { link, peer } = await mute({ mode: 'observe', everyMs: 30, waitMs: 15 });
    await until('four pings', () => pings(peer) >= 4);
    expect(link.status).toMatchObject({
      state: 'running',
      health: { state: 'degraded', reasons: ['missed-pings'] },
    });
    expect(peer.log.words).not.toContain('gone by reset');
  });

  it('in mode off is never asked', async () => {
    const { link, peer } = await mute({ mode: 'off' });
    peer.socket.write(frame(0x81, 'x'));
    await new Promise((resolve) => link.once('message', resolve));
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(spoken(peer.text)).toEqual([]);
  });
});

describe('a peer that lives', () => {
  it('HB-09: answers the first probe, and is healthy again', async () => {
    const { link, peer } = await mute({ ...beat, waitMs: 400, probeMs: 400 });
    const seen = witness(link);
    for (const time of [1, 2, 3]) {
      await until('a ping', () => pings(peer) >= time);
      peer.socket.write(pong);
      await reaches(link, { phase: 'steady' });
    }
    expect(seen.states.filter((state) => state !== 'running')).toEqual([]);
    expect(link.status).toMatchObject({
      health: { state: 'healthy' },
      connection: { generation: 1 },
    });
    expect(link.status.connection?.rttMs).toBeTypeOf('number');
  });

  it('HB-12: is not asked while anything else is heard of it', async () => {
    const { link, peer } = await mute({ ...beat, silenceMs: 400 });
    let heard = 0;
    link.on('message', () => {
      heard += 1;
    });
    const talking = setInterval(() => peer.socket.write(frame(0x81, 'x')), 30);
    await until('many frames', () => heard >= 20).finally(() => clearInterval(talking));
    expect(pings(peer)).toBe(0);
    expect(link.status.phase).toBe('steady');
  });

  it('HB-02: forgets its misses at the first answer', async () => {
    const { link, peer } = await mute({ mode: 'misses', everyMs: 100, waitMs: 90, missesMax: 3 });
    for (const answered of [2, 4, 6]) {
      await until('a second ping', () => pings(peer) >= answered);
      peer.socket.write(pong);
      await until('the misses to be forgotten', () => link.status.health.state === 'healthy');
    }
    expect(link.status.connection?.generation).toBe(1);
  });
});

describe('probe', () => {
  it('says how long the answer took, or how long there was none', async () => {
    const { link, peer } = await mute({ mode: 'off' });
    const answered = link.probe();
    await until('a ping', () => pings(peer) === 1);
    peer.socket.write(pong);
    const { ok, rttMs, because } = await answered;
    expect([ok, because]).toEqual([true, `answered after ${rttMs} ms`]);
    expect(await link.probe({ timeoutMs: 30 })).toEqual({
      ok: false,
      rttMs: null,
      because: 'silent for 30 ms',
    });
  });

  it('settles at once when the connection ends, or is not there', async () => {
    const { link, peer } = await mute({ mode: 'off' });
    const asked = link.probe({ timeoutMs: 60_000 });
    await until('a ping', () => pings(peer) === 1);
    peer.socket.resetAndDestroy();
    expect(await asked).toEqual({ ok: false, rttMs: null, because: 'the connection ended' });
    await link.stop();
    expect((await link.probe()).because).toBe('there is no open connection to probe');
  });

  it('takes no answer away from the heartbeat, nor from another probe', async () => {
    const { link, peer } = await mute({ ...beat, probes: 1, probeMs: 400 });
    await reaches(link, { phase: 'probing' });
    const both = Promise.all([link.probe(), link.probe()]);
    await until('three pings', () => pings(peer) === 3);
    peer.socket.write(pong);
    expect((await both).map(({ ok }) => ok)).toEqual([true, true]);
    await reaches(link, { phase: 'steady' });
    expect(link.status.connection?.generation).toBe(1);
  });
});

describe('a host that was stopped for 4 s', () => {
  const beats = {
    probe: { mode: 'probe', silenceMs: 1_000, waitMs: 900, probeMs: 900, probes: 1 },
    misses: { mode: 'misses', everyMs: 1_000, waitMs: 900, missesMax: 1 },
  };

  /** Stopped with its last ping before the verdict unanswered. Returns all that it logged. */
  async function stopped(heartbeat: object): Promise<string[]> {
    const server = await startRaw();
    const host = program(`
      const link = hf.connect({ url: 'ws://127.0.0.1:${server.port}', protocol: 'plain',
        heartbeat: ${JSON.stringify(heartbeat)} });
      link.on('status', ({ line }) => console.log(line));
      link.on('message', () => console.log('generation', link.status.connection.generation));
      await link.start();`);
    const peer = await server.peer();
    await peer.upgrade();
    await until('the ping', () => pings(peer) === 1);
    process.kill(host.pid, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    peer.socket.on('data', () => peer.socket.write(pong));
    process.kill(host.pid, 'SIGCONT');
    // late for a deadline that ran while nobody could look, in time for one that starts again
    await new Promise((resolve) => setTimeout(resolve, 50));
    peer.socket.write(pong);
    await until('two more pings', () => pings(peer) >= 3);
    peer.socket.write(frame(0x81, 'how are you'));
    await until('an answer', () => host.lines.some((line) => line.startsWith('generation')));
    expect(peer.log.words.filter((word) => word.startsWith('gone'))).toEqual([]);
    expect(server.arrived()).toBe(1);
    return host.lines;
  }

  it('amid a probe keeps its connection, with a beat of 1 s in either mode', async () => {
    const hosts = await Promise.all(Object.values(beats).map(stopped));
    const states = hosts.map((lines) => [...new Set(lines.map((line) => line.split(' ')[0]))]);
    expect(states).toEqual(hosts.map(() => ['starting', 'running', 'generation']));
    expect(hosts.flat().filter((line) => line.startsWith('generation'))).toEqual(
      hosts.map(() => 'generation 1'),
    );
  });
});
