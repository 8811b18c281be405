/** `gateway.inspect()`: the page of one gateway, whenever it is asked for. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { supervise } from '../../src/index.ts';
import { recorder } from '../../src/inspector/index.ts';
import { type Entry, readRecording } from '../../src/inspector/recording.ts';
import { keep, keepHouse, until } from '../e2e/house.ts';

keepHouse();

const command = ['sh', '-c', 'echo up; exec sleep 60'] as [string, ...string[]];

/** What has come over the wire until now, entry by entry. */
async function reading(url: string) {
  const { origin, hash } = new URL(url);
  const headers = { authorization: `Bearer ${hash.slice(1)}` };
  const { body } = await fetch(`${origin}/recording`, { headers });
  const lines = body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  void (async () => {
    for (let piece = await lines?.read(); !piece?.done; piece = await lines?.read()) {
      text += piece?.value ?? '';
    }
  })().catch(() => {});
  const entries = (): Entry[] => readRecording(text).entries;
  const ask = (verb: string) =>
    fetch(`${origin}/commands`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ verb }),
    });
  const has = (what: string, holds: (entry: Entry) => boolean) =>
    until(what, () => text !== '' && entries().some(holds));
  return { entries, ask, has };
}

describe('gateway.inspect()', () => {
  it('shows all of it, what guards said too, when it is asked for first', async () => {
    const gateway = keep(supervise({ command, ready: { line: /up/ } }));
    const { url, close } = await gateway.inspect();
    onTestFinished(close);
    const { entries, has } = await reading(url);
    await gateway.start();
    await gateway.ready();
    await has('it runs', (one) => one.kind === 'status' && one.state === 'running');
    expect(entries().some((one) => one.kind === 'step' && one.guards !== undefined)).toBe(true);
    expect(entries().find(({ kind }) => kind === 'status')).toMatchObject({ state: 'stopped' });
  });

  it('asked for late shows where everybody is, and takes what it was allowed', async () => {
    const gateway = keep(supervise({ command, ready: { line: /up/ } }, { cooldownMs: 0 }));
    await gateway.start();
    const { process } = await gateway.ready();
    const { url, close } = await gateway.inspect({ commands: true });
    onTestFinished(close);
    const { ask, has, entries } = await reading(url);
    await has('the supervisor', (one) => one.kind === 'state' && /"up"/.test(JSON.stringify(one)));
    expect((await ask('quit')).status).toBe(403);
    expect((await ask('restart')).status).toBe(202);
    await has('an outcome', (one) => one.kind === 'restart' && one.outcome === 'replaced');
    await has('the end', (one) => one.kind === 'exit' && one.pid === process?.pid);
    expect(gateway.status.process?.pid).not.toBe(process?.pid);
    await has('it is done', (one) => one.kind === 'asked' && one.outcome === 'done');
    // what a process wrote was not let through
    const exit = entries().find(({ kind }) => kind === 'exit');
    expect(exit).not.toHaveProperty('words');
    expect((await ask('stop')).status).toBe(202);
    await until('it is stopped', () => gateway.status.state === 'stopped');
  });

  it('shows the recording that is kept anyway, with its texts where they are wanted', async () => {
    const recording = recorder({ texts: true });
    const gateway = keep(supervise({ command, ready: { line: /up/ } }, { inspect: recording }));
    await gateway.start();
    await gateway.ready();
    await gateway.stop();
    const { url, close } = await gateway.inspect();
    onTestFinished(close);
    const { has, entries } = await reading(url);
    await has('the end', ({ kind }) => kind === 'exit');
    expect(entries().find(({ kind }) => kind === 'exit')).toMatchObject({
      ...{ expected: true, lines: 1, words: ['up'] },
      before: expect.arrayContaining(['running steady']),
    });
    expect(readRecording(recording.text()).entries).toEqual(entries());
  });

  it('refuses in production, and once it is disposed', async () => {
    const gateway = keep(supervise({ command }));
    const before = process.env.NODE_ENV;
    process.env.NODE_ENV = 'production';
    onTestFinished(() => {
      process.env.NODE_ENV = before;
    });
    await expect(gateway.inspect()).rejects.toMatchObject({ code: 'HF_OPTION_INVALID' });
    const { close } = await gateway.inspect({ force: true });
    await close();
    await gateway.dispose();
    await expect(gateway.inspect()).rejects.toMatchObject({ code: 'HF_DISPOSED' });
  });
});
