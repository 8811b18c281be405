/** What somebody who looks on may ask for, by raw requests, and what becomes of it. */
import { afterEach, describe, expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import type { Commands } from '../../src/inspector/commands.ts';
import { recorder } from '../../src/inspector/recorder.ts';
import { readRecording } from '../../src/inspector/recording.ts';
import { type Served, serve } from '../../src/inspector/server.ts';
import { until } from '../e2e/house.ts';

const open: Served[] = [];
afterEach(async () => {
  for (const served of open.splice(0)) await served.close();
});

const lamp = createMachine({
  id: 'lamp',
  initial: 'off',
  states: { off: { on: { push: 'on', smash: 'broken' } }, on: { on: { push: 'off' } }, broken: {} },
});

async function served(commands?: Commands) {
  const recording = recorder();
  const actor = createActor(lamp, { inspect: recording }).start();
  const desk = await serve(recording, new Map(), commands && { commands });
  open.push(desk);
  const own = `http://127.0.0.1:${desk.port}`;
  const token = new URL(desk.url).hash.slice(1);
  const authorization = `Bearer ${token}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const ask = async (what: unknown, more: Record<string, string> = {}) => {
    const body = typeof what === 'string' ? what : JSON.stringify(what);
    const init = { method: 'POST', headers: { ...headers, ...more }, body };
    return (await fetch(`${own}/commands`, init)).status;
  };
  const offered = async () =>
    (await fetch(`${own}/commands`, { headers: { authorization } })).json() as Promise<unknown>;
  const asked = () =>
    readRecording(recording.text()).entries.flatMap((entry) =>
      entry.kind === 'asked' ? [`${entry.verb}: ${entry.outcome}`] : [],
    );
  return { actor, ask, asked, offered, own };
}

describe('without a second opt-in', () => {
  it('nothing is offered, and nobody may ask', async () => {
    const { ask, asked, offered, actor } = await served();
    expect(await offered()).toEqual({ verbs: [], events: {} });
    expect(await ask({ to: 0, event: { type: 'push' } })).toBe(405);
    expect(await ask({ verb: 'restart' })).toBe(405);
    expect(actor.getSnapshot().value).toBe('off');
    expect(asked()).toEqual([]);
  });
});

describe('with one', () => {
  it('an event that is allowed is sent, and recorded; another one is not', async () => {
    const { ask, asked, offered, actor } = await served({ events: { lamp: ['push'] } });
    expect(await offered()).toEqual({ verbs: [], events: { lamp: ['push'] } });
    expect(await ask({ to: 0, event: { type: 'push' } })).toBe(202);
    expect(actor.getSnapshot().value).toBe('on');
    expect(await ask({ to: 0, event: { type: 'smash' } })).toBe(403);
    expect(await ask({ to: 7, event: { type: 'push' } })).toBe(404);
    expect(actor.getSnapshot().value).toBe('on');
    expect(asked()).toEqual(['send push: taken', 'an event: refused']);
    actor.stop();
    expect(await ask({ to: 0, event: { type: 'push' } })).toBe(404);
  });

  it('a verb is called, and what became of it is recorded; another one is not', async () => {
    const called: string[] = [];
    const { ask, asked, offered } = await served({
      verbs: {
        restart: () => called.push('restart'),
        stop: () => Promise.reject(new Error('no')),
        start: () => {
          throw new Error('no');
        },
      },
    });
    expect(await offered()).toEqual({ verbs: ['restart', 'stop', 'start'], events: {} });
    for (const verb of ['restart', 'stop', 'start']) expect(await ask({ verb })).toBe(202);
    expect(await ask({ verb: 'constructor' })).toBe(403);
    await until('all are settled', () => asked().length === 7);
    expect(called).toEqual(['restart']);
    expect(asked().sort()).toEqual([
      'a verb: refused',
      ...['restart: done', 'restart: taken', 'start: failed', 'start: taken'],
      ...['stop: failed', 'stop: taken'],
    ]);
  });

  const rows: [why: string, body: unknown, headers: Record<string, string>, status: number][] = [
    ['has no token', { verb: 'go' }, { authorization: '' }, 401],
    ['has a wrong token', { verb: 'go' }, { authorization: `Bearer ${'A'.repeat(43)}` }, 401],
    ['comes from another site', { verb: 'go' }, { origin: 'https://evil.example' }, 403],
    ['comes from nowhere', { verb: 'go' }, { origin: 'null' }, 403],
    ['is a form', 'verb=go', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['is plain text', { verb: 'go' }, { 'content-type': 'text/plain' }, 415],
    ['is no JSON', '{', {}, 400],
    ['is nothing', 'null', {}, 400],
    ['is too long', { verb: 'x'.repeat(5_000) }, {}, 413],
    ['names no type', { to: 0, event: {} }, {}, 400],
    ['says what XState says', { to: 0, event: { type: 'xstate.stop' } }, {}, 400],
    ['says all at once', { to: 0, event: { type: '*' } }, {}, 400],
    ['names an actor that is none', { to: 'a', event: { type: 'push' } }, {}, 400],
  ];
  it.each(rows)('who %s is refused', async (_why, body, headers, status) => {
    let called = 0;
    const commands: Commands = {
      verbs: {
        go: () => {
          called += 1;
        },
      },
      events: { lamp: ['xstate.stop', '*'] },
    };
    const { ask, actor } = await served(commands);
    expect(await ask(body, headers)).toBe(status);
    expect({ called, value: actor.getSnapshot().value }).toEqual({ called: 0, value: 'off' });
    // and whoever may is still heard
    expect(await ask({ verb: 'go' })).toBe(202);
  });
});
