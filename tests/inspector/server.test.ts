/** The inspector's server as others meet it: raw sockets, so that no client mends a request. */
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { recorder } from '../../src/inspector/recorder.ts';
import { readRecording } from '../../src/inspector/recording.ts';
import { type Served, type ServeOptions, serve } from '../../src/inspector/server.ts';

const open: Served[] = [];
afterEach(async () => {
  for (const served of open.splice(0)) await served.close();
});

const pages = new Map([['/', { type: 'text/html; charset=utf-8', body: '<!doctype html>' }]]);

const lamp = createMachine({
  id: 'lamp',
  initial: 'off',
  states: { off: { on: { push: 'on' } }, on: { on: { push: 'off' } } },
});

async function served(options?: ServeOptions) {
  const recording = recorder({ allow: { lamp: { events: ['load'] } } });
  const actor = createActor(lamp, { inspect: recording });
  actor.start();
  const desk = await serve(recording, pages, options);
  open.push(desk);
  const token = new URL(desk.url).hash.slice(1);
  return { recording, actor, desk, token, ask: (lines: Lines) => ask(desk.port, lines) };
}

type Lines = readonly string[];

/** Sends these lines as they are; the answer until the other side ends it, or says so much. */
function ask(port: number, lines: Lines, most = 64 * 1024): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const got: Buffer[] = [];
    const done = () => {
      socket.destroy();
      resolve(Buffer.concat(got).toString());
    };
    socket.on('data', (piece) => {
      got.push(piece);
      if (Buffer.concat(got).length > most || got.join('').includes('"kind":"state"')) done();
    });
    socket.on('error', done);
    socket.on('close', done);
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  });
}

const statusOf = (answer: string): string => /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 'nothing';

describe('who has the URL', () => {
  it('gets the page, without a token and under strict rules', async () => {
    const { ask: send, desk } = await served();
    const answer = await send([
      'GET / HTTP/1.1',
      `Host: 127.0.0.1:${desk.port}`,
      'Connection: close',
    ]);
    expect(statusOf(answer)).toBe('200');
    expect(answer).toContain("content-security-policy: default-src 'none'; script-src 'self'");
    expect(answer).toContain("frame-ancestors 'none'");
    expect(answer).toContain('cross-origin-resource-policy: same-origin');
    expect(answer).toContain('x-content-type-options: nosniff');
    expect(answer).toContain('referrer-policy: no-referrer');
    expect(answer).toContain('cache-control: no-store');
    expect(answer).not.toMatch(/access-control|set-cookie|x-powered-by/i);
  });

  it('gets the recording, and then each line as it comes', async () => {
    const { actor, desk, token } = await served();
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`http://localhost:${desk.port}/recording`, { headers });
    expect(response.status).toBe(200);
    const lines = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const until = async (words: string) => {
      while (!text.includes(words)) text += (await lines?.read())?.value ?? '';
    };
    await until('"kind":"state"');
    actor.send({ type: 'push' });
    await until('"value":"on"');
    await lines?.cancel();
    const { entries, cut } = readRecording(text);
    expect(cut).toBe(false);
    expect(entries.map(({ n }) => n)).toEqual(entries.map((_, i) => i + 1));
  });
});

describe('anybody else', () => {
  const host = 'Host: 127.0.0.1:PORT';
  const get = 'GET /recording HTTP/1.1';
  const bearer = 'Authorization: Bearer TOKEN';
  const rows: [why: string, lines: Lines, status: string][] = [
    ['has no token', [get, host], '401'],
    ['has a wrong token', [get, host, `Authorization: Bearer ${'A'.repeat(43)}`], '401'],
    ['has a part of the token', [get, host, 'Authorization: Bearer TOKE'], '401'],
    ['names another scheme', [get, host, 'Authorization: Basic TOKEN'], '401'],
    ['puts the token into the query', ['GET /recording?token=TOKEN HTTP/1.1', host], '404'],
    ['puts the token into a cookie', [get, host, 'Cookie: token=TOKEN'], '401'],
    ['comes by another name', [get, 'Host: evil.example:PORT', bearer], '421'],
    ['comes by 0.0.0.0', [get, 'Host: 0.0.0.0:PORT', bearer], '421'],
    ['comes by another port', [get, 'Host: 127.0.0.1:1', bearer], '421'],
    ['comes by no name', ['GET /recording HTTP/1.0', bearer], '421'],
    ['comes by a name that is none', [get, 'Host: [::1', bearer], '421'],
    ['comes by two names', [get, host, host, bearer], '421'],
    ['comes from another site', [get, host, 'Origin: https://evil.example', bearer], '403'],
    ['comes from nowhere', [get, host, 'Origin: null', bearer], '403'],
    ['comes from another port', [get, host, 'Origin: http://127.0.0.1:1', bearer], '403'],
    ['comes from the other name', [get, host, 'Origin: http://localhost:PORT', bearer], '403'],
    ['comes by TLS', [get, host, 'Origin: https://127.0.0.1:PORT', bearer], '403'],
    [
      'has two origins',
      [get, host, 'Origin: http://127.0.0.1:PORT', 'Origin: null', bearer],
      '421',
    ],
    ['is a script of another site', ['GET / HTTP/1.1', host, 'Sec-Fetch-Site: cross-site'], '403'],
    ['is of the same site only', ['GET / HTTP/1.1', host, 'Sec-Fetch-Site: same-site'], '403'],
    ['asks whether he may ask', ['OPTIONS /recording HTTP/1.1', host, bearer], '403'],
    ['posts', ['POST /recording HTTP/1.1', host, bearer, 'Content-Length: 3'], '405'],
    ['asks for a file', ['GET /../../etc/passwd HTTP/1.1', host, bearer], '404'],
    ['asks for a property', ['GET /__proto__ HTTP/1.1', host, bearer], '404'],
    [
      'asks for an absolute URL',
      ['GET http://127.0.0.1:PORT/recording HTTP/1.1', host, bearer],
      '404',
    ],
    ['waits to be told to go on', ['GET / HTTP/1.1', host, 'Expect: 100-continue'], '417'],
    [
      'wants a WebSocket',
      [get, host, bearer, 'Connection: Upgrade', 'Upgrade: websocket'],
      'nothing',
    ],
    ['wants a tunnel', ['CONNECT evil.example:443 HTTP/1.1', host, bearer], 'nothing'],
    ['sends headers without an end', [get, host, `X: ${'x'.repeat(20_000)}`], 'nothing'],
    ['speaks nonsense', ['\u0000\u0001 nonsense'], 'nothing'],
    ['speaks TLS', ['\u0016\u0003\u0001\u0000\u0001'], 'nothing'],
    [
      'speaks in two ways at once',
      [get, host, 'Content-Length: 3', 'Transfer-Encoding: chunked'],
      'nothing',
    ],
  ];

  it.each(rows)('who %s is refused, and hurts nobody', async (_, lines, status) => {
    const { actor, recording, desk, token, ask: send } = await served();
    const filled = lines.map((line) =>
      line.replace('PORT', `${desk.port}`).replace('TOKEN', token),
    );
    const answer = await send(filled);
    expect(statusOf(answer)).toBe(status);
    expect(answer).not.toContain('lamp');
    expect(answer).not.toMatch(/access-control/i);
    // and it goes on
    actor.send({ type: 'push' });
    expect(recording.text()).toContain('"value":"on"');
    const own = [get, host, bearer].map((line) =>
      line.replace('PORT', `${desk.port}`).replace('TOKEN', token),
    );
    expect(statusOf(await send(own))).toBe('200');
  });

  it('who reads nothing is cut off, and what waits for him stays bounded', async () => {
    const { actor, desk, token } = await served();
    const socket = connect(desk.port, '127.0.0.1');
    socket.pause();
    socket.on('error', () => {});
    socket.write(
      `${[get, host, bearer].join('\r\n')}\r\n\r\n`
        .replace('PORT', `${desk.port}`)
        .replace('TOKEN', token),
    );
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const load = Array(50).fill('x'.repeat(200));
    for (let i = 0; i < 20_000 && desk.slow === 0; i += 1) {
      actor.send({ type: 'push', load });
      if (i % 10 === 0) await turn();
    }
    expect(desk.slow).toBe(1);
    socket.destroy();
  });

  it('who comes in crowds is turned away', async () => {
    const { desk, token } = await served();
    const headers = { authorization: `Bearer ${token}` };
    const crowd = Array.from({ length: 9 }, () =>
      fetch(`http://127.0.0.1:${desk.port}/recording`, { headers }),
    );
    const statuses = (await Promise.all(crowd)).map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array(8).fill(200), 503]);
  });
});

describe('the server', () => {
  it('is on 127.0.0.1 alone, and keeps no process alive', async () => {
    const { desk } = await served();
    await expect(fetch(`http://[::1]:${desk.port}/`)).rejects.toThrow();
    expect(desk.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#[\w-]{43}$/);
    expect(process.getActiveResourcesInfo().filter((one) => one === 'TCPServerWrap')).toEqual([]);
  });

  it('has another token each time', async () => {
    const [one, other] = [await served(), await served()];
    expect(one.token).not.toBe(other.token);
  });

  it('is refused in production, unless it is wanted there', async () => {
    const before = process.env.NODE_ENV;
    process.env.NODE_ENV = 'production';
    try {
      await expect(serve(recorder(), pages)).rejects.toMatchObject({ code: 'HF_OPTION_INVALID' });
      const { desk } = await served({ force: true });
      expect(desk.port).toBeGreaterThan(0);
    } finally {
      process.env.NODE_ENV = before;
    }
  });

  it('says what the system says where the port is taken', async () => {
    const { desk } = await served();
    await expect(serve(recorder(), pages, { port: desk.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  it('is gone when it is closed, with whoever reads', async () => {
    const { desk, token } = await served();
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${desk.port}/recording`, { headers });
    await desk.close();
    expect(readRecording(await response.text()).cut).toBe(false);
    await expect(fetch(desk.url)).rejects.toThrow();
  });
});
