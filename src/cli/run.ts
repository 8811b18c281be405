/**
 * `holdfast run`: supervises a command, and with a URL holds the link to it. It promises the
 * command's own exit code, its stdout byte for byte, and that nothing of it is left afterwards. It
 * must never write to stdout itself, and never claim an end it has not seen.
 */
import { createGateway, type Gateway, type Status, type Supervised, supervise } from '../index.ts';
import { showing } from '../runtime/output.ts';
import { checkTogether, type ProtocolName, type RestartWhen } from './arguments.ts';
import { codeOf, onInterrupt, spoken } from './interrupt.ts';
import { Log } from './log.ts';
import { Outlet, passing } from './passage.ts';
import { type Watch, watched } from './watch.ts';

export interface RunOptions {
  url?: string;
  protocol?: ProtocolName;
  readyLine?: RegExp;
  name?: string;
  grace?: number;
  restart?: RestartWhen;
  json?: boolean;
  /** serve a page that shows what happens */
  inspect?: boolean;
  /** and whoever looks on may start, stop, restart and reload */
  inspectCommands?: boolean;
}

interface Exit {
  pid: number;
  code: number | null;
  signal: string | null;
  expected: boolean;
}

/** Why the run comes to its end. */
type Reason =
  | { kind: 'ended' }
  | { kind: 'gave-up'; because: string }
  | { kind: 'asked'; signal: NodeJS.Signals }
  | { kind: 'unread' };

export async function run(
  command: readonly [string, ...string[]],
  options: RunOptions,
): Promise<number> {
  checkTogether(options);
  return watched({ isWanted: options.inspect, takesCommands: options.inspectCommands }, (watch) =>
    new Run(command, options, watch).untilOver(),
  );
}

class Run {
  readonly #options: RunOptions;
  readonly #log: Log;
  readonly #gateway: Gateway | Supervised;
  readonly #stdout = new Outlet(process.stdout);
  readonly #stderr = new Outlet(process.stderr);
  readonly #over: Promise<Reason>;
  #end: (reason: Reason) => void = () => {};
  /** the last end of a process that is not the fault of a start that never was */
  #lastExit: Exit | undefined;
  /** aborts when its lines have nothing to say any more */
  readonly #silence = new AbortController();

  constructor(
    command: readonly [string, ...string[]],
    options: RunOptions,
    watch: Watch | undefined,
  ) {
    this.#options = options;
    const { json = false, name = 'holdfast' } = options;
    this.#log = new Log({ stream: process.stderr, json, stamp: { name } });
    this.#gateway = this.#make(command, { name, ...(watch && { inspect: watch.inspect }) });
    watch?.announce(this.#log, this.#gateway);
    this.#over = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async untilOver(): Promise<number> {
    const done = this.#listen();
    await this.#gateway.start();
    const reason = await this.#over;
    // nobody asked for the stop that follows, so its lines would not be true
    if (reason.kind !== 'asked') this.#silence.abort();
    const { gone, how } = await this.#gateway.stop();
    const code = gone ? this.#codeFor(reason) : 1;
    this.#conclude(reason, code, gone ? undefined : how);
    process.exitCode = code;
    done();
    return code;
  }

  #make(
    command: readonly [string, ...string[]],
    common: { name: string; inspect?: unknown },
  ): Gateway | Supervised {
    const { url, protocol = 'plain', readyLine, grace } = this.#options;
    const clean = showing({ env: process.env, args: command.slice(1) });
    const service = {
      command,
      driver: passing({
        output: (stream, chunk) => this.#pass(stream, chunk),
        line: (stream, line) => {
          if (stream === 'stderr') this.#log.record('stderr', { line: clean(line) });
        },
      }),
      ...(readyLine === undefined ? {} : { ready: { line: readyLine } }),
      ...(grace === undefined ? {} : { stop: { graceMs: grace } }),
    };
    if (url === undefined) return supervise(service, common);
    const link = {
      url: ({ port }: { port: number | undefined }) => url.replaceAll('{port}', String(port)),
      protocol,
    };
    return createGateway({ ...common, process: service, link });
  }

  #pass(stream: 'stdout' | 'stderr', chunk: Uint8Array): void | Promise<void> {
    if (stream === 'stdout') return this.#stdout.pass(chunk);
    if (this.#options.json) return;
    this.#log.noteForeign(chunk);
    return this.#stderr.pass(chunk);
  }

  #listen(): () => void {
    const gateway = this.#gateway;
    this.#log.follow(gateway, this.#silence.signal);
    gateway.on('exit', (exit) => this.#exited(exit));
    gateway.on('diagnostic', ({ code }) => {
      if (code === 'HF_SPAWN_FAILED') this.#lastExit = undefined;
    });
    gateway.on('status', (status) => this.#look(status));
    process.stdout.on('error', () => this.#end({ kind: 'unread' }));
    process.stderr.on('error', () => this.#end({ kind: 'unread' }));
    return onInterrupt({
      stop: (signal) => {
        this.#log.say('stopping', `${spoken(signal)}; once more kills`);
        this.#log.record('interrupt', { signal });
        this.#end({ kind: 'asked', signal });
      },
      kill: (signal) => {
        this.#log.say('killing', `${spoken(signal)} again; SIGKILL to everything left`);
        this.#log.record('interrupt', { signal });
        void gateway.quit({ withinMs: 1 });
      },
      killNow: () => gateway.killNow(),
    });
  }

  #exited(exit: Exit): void {
    this.#lastExit = exit;
    const { restart = 'on-failure' } = this.#options;
    const isSuccess = exit.code === 0 && !exit.expected;
    const isFinal = restart === 'never' || (restart === 'on-failure' && isSuccess);
    if (isFinal) this.#end({ kind: 'ended' });
  }

  /** Nobody here can give it other credentials, so a link that waits for some has given up. */
  #look({ state, error }: Status): void {
    if (state === 'failed' || error?.code === 'HF_CREDENTIALS') {
      this.#end({ kind: 'gave-up', because: error?.message ?? 'given up' });
    }
  }

  #codeFor(reason: Reason): number {
    const exit = this.#lastExit;
    const isTheirs = exit !== undefined && !(reason.kind === 'gave-up' && exit.expected);
    if (!isTheirs) return reason.kind === 'asked' ? codeOf(reason.signal) : 1;
    return exit.signal === null ? (exit.code ?? 1) : codeOf(exit.signal);
  }

  #conclude(reason: Reason, code: number, left: string | undefined): void {
    if (left !== undefined) this.#log.say('failed', left);
    else if (reason.kind === 'ended') this.#log.say('ended', `${this.#death()}; nothing left`);
    else if (reason.kind === 'unread') this.#log.say('ended', 'nobody reads our output any more');
    this.#log.record('end', { why: reason.kind, code });
  }

  #death(): string {
    const { pid, code, signal } = this.#lastExit ?? {};
    const how = signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
    return `pid ${pid} ${how}`;
  }
}
