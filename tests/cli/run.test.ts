/** `holdfast run` with real commands: whose exit code it ends with, whose bytes it passes on. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../practice/house.ts';
import { builtPractice } from './built.ts';
import { type Command, holdfast, ndjson, node } from './house.ts';

const { practiceCommand } = await builtPractice();

const run = (options: string[], command: string[]): Command =>
  holdfast(['run', ...options, '--', ...command]);
const sh = (script: string) => ['sh', '-c', script];
const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Ignores SIGTERM, and says when it does. */
const stubborn = node(
  "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 9e5)",
);

/** Everything `run` promises about its end, beside the code. */
async function codeAndRest(running: Command) {
  const { code, stdout, stderr } = await running.ended();
  return { code, stdout: stdout.toString(), stderr, left: running.left() };
}

describe('the exit code', () => {
  it.each([
    ['on-failure', 'exit 0', 0],
    ['never', 'exit 0', 0],
    ['never', 'exit 7', 7],
    ['never', 'kill -KILL $$', 137],
    ['never', 'kill -TERM $$', 143],
  ])('is that of a command that ends for good: --restart %s, %s', async (when, script, code) => {
    const running = run(['--restart', when], sh(`echo here; ${script}`));
    expect(await codeAndRest(running)).toMatchObject({ code, stdout: 'here\n', left: [] });
    const exited = `exited (by itself )?with code ${code}`;
    const how = code < 128 ? exited : 'was killed by SIG(KILL|TERM)';
    expect(running.text('stderr')).toMatch(new RegExp(`ended +pid \\d+ ${how}; nothing left\n$`));
  });

  it('is that of a command that starting again cannot cure', async () => {
    const running = run([], sh('echo once; exit 78'));
    expect(await codeAndRest(running)).toMatchObject({ code: 78, stdout: 'once\n', left: [] });
    expect(running.text('stderr')).toContain('failed        gave up: ');
  });

  it('is that of a command that failed at every start', async () => {
    const running = run(['--ready-line', 'never'], sh('echo try; exit 3'));
    const outcome = await codeAndRest(running);
    expect(outcome).toMatchObject({ code: 3, stdout: 'try\n'.repeat(3), left: [] });
  });

  it('is 1 when there is no such command', async () => {
    const { code, stdout, stderr } = await codeAndRest(run([], ['/no/such/program']));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/failed +gave up: cannot start \/no\/such\/program: no such program/);
  });
});

describe('a crash', () => {
  it('is followed by another start', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-run-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'tries');
    writeFileSync(file, '');
    const running = run([], sh(`echo x >> ${file}; [ $(wc -l < ${file}) -ge 2 ] || exit 5`));
    expect(await codeAndRest(running)).toMatchObject({ code: 0, left: [] });
    expect(readFileSync(file, 'utf8')).toBe('x\nx\n');
    expect(running.text('stderr')).toMatch(/restarting +pid \d+ exited by itself with code 5/);
  });
});

describe('Ctrl-C', () => {
  it('stops once, and what the command says meanwhile still arrives', async () => {
    const bye = "() => { console.log('bye'); process.exit(5); }";
    const program = `process.on('SIGTERM', ${bye}); console.log('up'); setInterval(() => {}, 9e5)`;
    const running = run([], node(program));
    await running.printed('stdout', 'up');
    running.signal('SIGINT');
    expect(await codeAndRest(running)).toMatchObject({ code: 5, stdout: 'up\nbye\n', left: [] });
    expect(running.text('stderr')).toMatch(/stopping +Ctrl-C; once more kills\n/);
    expect(running.text('stderr')).toMatch(/stopped .+ nothing left running\n$/);
  });

  it('ends with 128 + n when its own SIGTERM ended the command', async () => {
    const running = run([], sh('echo up; exec sleep 900'));
    await running.printed('stdout', 'up');
    running.signal('SIGINT');
    expect(await codeAndRest(running)).toMatchObject({ code: 143, left: [] });
  });

  it('kills when pressed twice', async () => {
    const running = run(['--grace', '600000'], stubborn);
    await running.printed('stdout', 'up');
    running.signal('SIGINT');
    await running.printed('stderr', 'SIGTERM sent');
    running.signal('SIGINT');
    expect(await codeAndRest(running)).toMatchObject({ code: 137, left: [] });
    expect(running.text('stderr')).toMatch(/killing +Ctrl-C again; SIGKILL/);
  });

  it('needs no second press when the grace is over', async () => {
    const running = run(['--grace', '200'], stubborn);
    await running.printed('stdout', 'up');
    running.signal('SIGTERM');
    expect(await codeAndRest(running)).toMatchObject({ code: 137, left: [] });
    expect(running.text('stderr')).toMatch(/stopping +SIGTERM; once more kills\n/);
  });

  it('takes along what hides in a session of its own', async () => {
    const hidden = 'setsid sh -c "trap : TERM; echo up; while :; do sleep 1; done" & wait';
    const running = run([], sh(hidden));
    await running.printed('stdout', 'up');
    running.signal('SIGINT');
    expect(await codeAndRest(running)).toMatchObject({ code: 143, left: [] });
  });

  it('while nothing runs ends the wait for the next start', async () => {
    const running = run([], sh('exit 6'));
    await running.printed('stderr', 'next start in');
    running.signal('SIGINT');
    expect(await codeAndRest(running)).toMatchObject({ code: 6, left: [] });
  });
});

describe('the output of the command', () => {
  // every byte there is, in a period that no chunk has, and no line feed at the end
  const period = Uint8Array.from({ length: 257 }, (_, at) => (at * 7) % 256);
  const all = Buffer.concat([Buffer.from('\r\n\0\xff'), Buffer.alloc(3_000_017, period)]);
  const write = `
    const period = Uint8Array.from({ length: 257 }, (_, at) => (at * 7) % 256);
    process.stdout.write('\\r\\n\\0\\xff');
    process.stdout.write(Buffer.alloc(3_000_017, period));
    process.stderr.write('words\\n');`;

  it.each([[[]], [['--json']]])('is ours, byte for byte: %j', async (options) => {
    const { code, stdout } = await run(options, node(write)).ended();
    expect({ code, size: stdout.length, sha: sha(stdout) }).toEqual({
      code: 0,
      size: all.length,
      sha: sha(all),
    });
  });

  it('is passed on from stderr as well, and a line of ours begins where one begins', async () => {
    const { stderr } = await run(['--name', 'job'], sh('printf half >&2')).ended();
    expect(stderr).toMatch(/^half\n\[job\] [\d-]+ [\d:.]+ {2}ended /m);
  });

  it('ends the command when nobody reads it any more', async () => {
    const running = run([], sh('while echo yes; do :; done'));
    await running.printed('stdout', 'yes');
    running.child.stdout?.destroy();
    const { code, stderr, left } = await codeAndRest(running);
    expect({ code, left }).toEqual({ code: 143, left: [] });
    expect(stderr).toContain('nobody reads our output any more');
  });
});

describe('a reader who stands still', () => {
  it('holds up the command, as if nobody stood between them', async () => {
    const word = "setTimeout(() => console.error('blocked'), 300)";
    const fill = `process.stdout.write(bytes, () => { clearTimeout(late); fill(); })`;
    const program = `const bytes = Buffer.alloc(1e6); let late;
      const fill = () => { late = ${word}; ${fill}; }; fill();`;
    const running = run([], node(program));
    running.child.stdout?.pause();
    await running.printed('stderr', 'blocked');
    running.child.stdout?.resume();
    running.signal('SIGINT');
    expect(await codeAndRest(running)).toMatchObject({ code: 143, left: [] });
  });

  it('does not keep us when Ctrl-C was pressed twice', async () => {
    const fill = "process.stdout.write(Buffer.alloc(8e6)); console.error('filled')";
    const running = run(
      [],
      node(`process.on('SIGTERM', () => {}); ${fill}; setInterval(() => {}, 9e5)`),
    );
    running.child.stdout?.pause();
    await running.printed('stderr', 'filled');
    running.signal('SIGINT');
    await running.printed('stderr', 'SIGTERM sent');
    running.signal('SIGINT');
    await until('the exit', () => running.child.exitCode !== null);
    expect({ code: running.child.exitCode, left: running.left() }).toEqual({ code: 137, left: [] });
  });
});

describe('--json', () => {
  it('makes every line on stderr one JSON object', async () => {
    const running = run(['--json', '--restart', 'never'], sh('echo out; echo err >&2; exit 4'));
    const { code, stdout, stderr } = await running.ended();
    const events = ndjson(stderr);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 4, stdout: 'out\n' });
    expect(events.every(({ time, event }) => typeof time === 'string' && event)).toBe(true);
    expect(events).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ event: 'status', state: 'running', name: 'holdfast' }),
        expect.objectContaining({ event: 'stderr', line: 'err' }),
        expect.objectContaining({ event: 'exit', code: 4, signal: null, expected: false }),
      ]),
    );
    expect(events.at(-1)).toMatchObject({ event: 'end', why: 'ended', code: 4 });
  });

  it('shows no secret of the command, also where it writes it; and its figures', async () => {
    const script = 'echo "plain and $2" >&2; exit 4';
    const command = [...sh(script), 'sh', '--token', 'hunter2-of-ours'];
    const { stderr } = await run(['--json', '--restart', 'never'], command).ended();
    const events = ndjson(stderr);
    expect(events.find(({ event }) => event === 'stderr')?.line).toBe('plain and [redacted]');
    expect(events.find(({ event }) => event === 'exit')?.lastWords).toEqual([
      'plain and [redacted]',
    ]);
    expect(stderr).not.toContain('hunter2');
    expect(events).toContainEqual(expect.objectContaining({ event: 'metric', name: 'startup' }));
  });
});

describe('--url', () => {
  const ready = ['--ready-line', 'listening on (?<port>\\d+)'];
  const link = [...ready, '--url', 'ws://127.0.0.1:{port}/?token=hunter2', '--json'];

  it('holds a link to the port that the ready line names, and never shows its query', async () => {
    const { command, args } = practiceCommand({ protocol: 'jsonrpc' });
    const running = run([...link, '--protocol', 'jsonrpc'], [command, ...args]);
    await running.printed('stderr', '"state":"running"');
    running.signal('SIGINT');
    const { code, stderr } = await running.ended();
    const events = ndjson(stderr);
    const up = events.find(({ state }) => state === 'running');
    const { port } = (up?.process ?? {}) as { port?: number };
    expect(code).toBe(0);
    expect(up).toMatchObject({ connection: { generation: 1 }, ready: true });
    expect(events.at(-1)).toMatchObject({ event: 'end', why: 'asked', code: 0 });
    expect(running.text('stdout')).toBe(`listening on ${port}\n`);
    expect(stderr).toContain('closed: 1000 closed by the client');
    expect(stderr).not.toContain('hunter2');
    expect(running.left()).toEqual([]);
  });

  it('ends what lives and does not serve, when it may never start again', async () => {
    const { command, args } = practiceCommand({ protocol: 'plain' });
    const running = run([...link, '--restart', 'never'], [command, ...args]);
    await running.printed('stderr', '"state":"running"');
    const { groups } = /^listening on (?<port>\d+)\n$/.exec(running.text('stdout')) ?? {};
    const body = JSON.stringify({ name: 'refuse', forMs: 600_000, drop: true });
    await fetch(`http://127.0.0.1:${groups?.port}/fault`, { method: 'POST', body });
    const { code, stderr } = await running.ended();
    const events = ndjson(stderr);
    const exits = events.filter(({ event }) => event === 'exit');
    expect(exits).toMatchObject([{ expected: true }]);
    expect(events.at(-1)).toMatchObject({ event: 'end', why: 'ended', code });
    expect(running.left()).toEqual([]);
  });

  it('gives up a link that only other credentials could open', async () => {
    const { command, args } = practiceCommand({ faults: ['reject:status=401,times=0'] });
    const running = run([...ready, '--url', 'ws://127.0.0.1:{port}'], [command, ...args]);
    expect(await codeAndRest(running)).toMatchObject({ code: 1, left: [] });
    expect(running.text('stderr')).toContain('401 (unauthorized)');
  });
});
