/** `holdfast inspect` as it is installed: what it refuses, and that it ends when it is asked to. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readRecording } from '../../src/inspector/recording.ts';
import { holdfast, type Json } from './house.ts';

const header = '{"holdfast":"recording","version":1,"missing":0}\n';

function recordingIn(text = header): string {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-inspect-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const file = join(home, 'some.ndjson');
  writeFileSync(file, text);
  return file;
}

describe('holdfast inspect', () => {
  it('serves a recording to whoever has the URL, until Ctrl-C', async () => {
    const file = recordingIn();
    const shown = holdfast(['inspect', file, '--json']);
    await shown.printed('stdout', '\n');
    const { url } = JSON.parse(shown.text('stdout')) as Json & { url: string };
    const { origin, hash } = new URL(url);
    const headers = { authorization: `Bearer ${hash.slice(1)}` };
    const answer = await fetch(`${origin}/recording`, { headers });
    const reader = answer.body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    expect(new TextDecoder().decode(value)).toBe(header);
    expect((await fetch(origin)).headers.get('content-type')).toContain('text/html');
    shown.signal('SIGINT');
    expect(await shown.ended()).toMatchObject({ code: 130, stderr: '' });
  });

  it('is there beside a command that runs, and ends with it', async () => {
    const running = holdfast(['run', '--inspect', '--', 'sh', '-c', 'sleep 60']);
    await running.printed('stderr', ' shows every actor, live');
    const { origin, hash } = new URL(/http:\S+/.exec(running.text('stderr'))?.[0] ?? '');
    const headers = { authorization: `Bearer ${hash.slice(1)}` };
    const answer = await fetch(`${origin}/recording`, { headers });
    const all = answer.text();
    await running.printed('stderr', ' running ');
    running.signal('SIGINT');
    // its own: it was ended by SIGTERM
    expect((await running.ended()).code).toBe(143);
    const { entries, cut } = readRecording(await all);
    expect(cut).toBe(false);
    const values = entries.flatMap((entry) =>
      'value' in entry ? JSON.stringify(entry.value) : [],
    );
    expect(values).toContain('{"owned":{"up":"fresh"}}');
    expect(values.at(-1)).toMatch(/resting|"gone"|disposed/);
    // what was said last has come, too
    const said = entries.findLast(({ kind }) => kind === 'status');
    expect(said).toMatchObject({ state: 'stopped' });
    await expect(fetch(origin)).rejects.toThrow();
  });

  it('is refused beside a command in production, in one sentence', async () => {
    const argv = ['run', '--inspect-commands', '--', 'true'];
    const { code, stderr } = await holdfast(argv, { NODE_ENV: 'production' }).ended();
    const rule = 'must not be given where NODE_ENV is "production": it shows what happens';
    expect({ code, stderr }).toEqual({ code: 2, stderr: `holdfast: --inspect ${rule}\n` });
  });

  it('restarts and stops what it stands beside, where that was allowed', async () => {
    const argv = ['run', '--inspect-commands', '--json', '--', 'sh', '-c', 'exec sleep 60'];
    const running = holdfast(argv);
    await running.printed('stderr', '"state":"running"');
    const { origin, hash } = new URL(/http:[^"\s]+/.exec(running.text('stderr'))?.[0] ?? '');
    const headers = {
      authorization: `Bearer ${hash.slice(1)}`,
      'content-type': 'application/json',
    };
    const ask = async (verb: string) => {
      const body = JSON.stringify({ verb });
      return (await fetch(`${origin}/commands`, { method: 'POST', headers, body })).status;
    };
    expect(await ask('restart')).toBe(202);
    await running.printed('stderr', '"state":"restarting"');
    expect(await ask('quit')).toBe(403);
    expect(await ask('stop')).toBe(202);
    await running.printed('stderr', '"state":"stopped"');
    running.signal('SIGINT');
    await running.ended();
    expect(running.text('stderr')).toContain('"signal":"SIGTERM"');
  });

  it.each([
    ['nonsense\n', [], 'FILE must be a recording: '],
    [header, ['--port', '70000'], '--port must be a whole number from 1 to 65535; got "70000"'],
    [header, ['--out', '/nowhere/at/all.html'], '--out cannot be written: ENOENT'],
  ])('refuses %j with %j in one sentence', async (text, argv, sentence) => {
    const { code, stdout, stderr } = await holdfast([
      'inspect',
      recordingIn(text),
      ...argv,
    ]).ended();
    expect([code, stdout.toString()]).toEqual([2, '']);
    expect(stderr).toContain(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('refuses a file that is not there, and a port that somebody has', async () => {
    const none = await holdfast(['inspect', '/nowhere.ndjson']).ended();
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('FILE must be readable')]);
    const other = createServer();
    onTestFinished(() => void other.close());
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const taken = await holdfast(['inspect', recordingIn(), '--port', `${port}`]).ended();
    expect([taken.code, taken.stderr]).toEqual([
      2,
      expect.stringContaining('--port cannot be had: listen EADDRINUSE'),
    ]);
  });
});
