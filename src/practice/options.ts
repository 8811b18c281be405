/**
 * The command line of the practice gateway. It promises checked options, or one sentence that names
 * the option, the rule and the value; it must never start anything, and never take a secret from
 * argv, where every local user can read it.
 */

import { type Protocol, protocols } from './dialect.ts';
import { FaultError, faultHelp, readFault } from './fault-request.ts';
import type { FaultRequest } from './faults.ts';
import { shown } from './json.ts';

export interface Options {
  readonly help: boolean;
  readonly quiet: boolean;
  readonly port: number;
  readonly protocol: Protocol;
  readonly readyLine: string;
  readonly faults: readonly FaultRequest[];
  readonly pingMs: number;
  readonly tickMs: number;
  readonly restart: { refuseMs: number; startingMs: number; expectedMs: number };
  /** 0: no leash */
  readonly forMs: number;
  readonly state: string | undefined;
}

/** A bad option: the option, the rule, the value. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}

const flags = ['help', 'quiet'] as const;
const valued = {
  port: '0',
  protocol: 'jsonrpc',
  'ready-line': 'listening on {port}',
  'ping-ms': '0',
  'tick-ms': '30000',
  'restart-refuse-ms': '300',
  'restart-starting-ms': '0',
  'restart-expected-ms': '1500',
  'for-ms': '0',
  state: '',
} as const;
type Valued = keyof typeof valued;
type Given = { [N in Valued]?: string };

const isFlag = (name: string) => flags.some((known) => known === name);
const isValued = (name: string): name is Valued => Object.hasOwn(valued, name);

/** Splits `--name value` and `--name=value`; everything else is refused by name. */
function pairs(argv: readonly string[]): [name: string, value: string][] {
  const found: [string, string][] = [];
  const words = argv[Symbol.iterator]();
  for (const word of words) {
    const [, name, joined] = /^--([a-z][a-z-]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (name === undefined || !(isFlag(name) || isValued(name) || name === 'fault')) {
      throw new OptionError(`an option must be one that --help lists, got ${shown(word)}`);
    }
    if (isFlag(name)) {
      if (joined === undefined) found.push([name, 'true']);
      else throw new OptionError(`--${name} takes no value, got ${shown(joined)}`);
      continue;
    }
    const next = joined === undefined ? words.next() : { done: false as const, value: joined };
    if (next.done) throw new OptionError(`--${name} needs a value, got nothing`);
    found.push([name, next.value]);
  }
  return found;
}

function fault(spec: string): FaultRequest {
  try {
    return readFault(spec, 'start');
  } catch (error) {
    if (error instanceof FaultError) throw new OptionError(`--fault: ${error.message}`);
    throw error;
  }
}

function integer(given: Given, name: Valued, min: number, max: number): number {
  const text = given[name] ?? valued[name];
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const rule = `--${name} must be an integer from ${min} to ${max}`;
  throw new OptionError(`${rule}, got ${shown(text)}`);
}

function protocolOf(given: Given): Protocol {
  const text = given.protocol ?? valued.protocol;
  const known = protocols.find((protocol) => protocol === text);
  if (known) return known;
  const rule = `--protocol must be one of ${protocols.join(', ')}`;
  throw new OptionError(`${rule}, got ${shown(text)}`);
}

/** Throws an OptionError for the first thing that is wrong. */
export function readOptions(argv: readonly string[]): Options {
  const given: Given = {};
  const faults: FaultRequest[] = [];
  const set = new Set<string>();
  for (const [name, value] of pairs(argv)) {
    if (name === 'fault') faults.push(fault(value));
    else if (isValued(name)) given[name] = value;
    else set.add(name);
  }
  const day = 86_400_000;
  return {
    help: set.has('help'),
    quiet: set.has('quiet'),
    port: integer(given, 'port', 0, 65_535),
    protocol: protocolOf(given),
    readyLine: given['ready-line'] ?? valued['ready-line'],
    faults,
    pingMs: integer(given, 'ping-ms', 0, 600_000),
    tickMs: integer(given, 'tick-ms', 10, 600_000),
    restart: {
      refuseMs: integer(given, 'restart-refuse-ms', 0, 600_000),
      startingMs: integer(given, 'restart-starting-ms', 0, 600_000),
      expectedMs: integer(given, 'restart-expected-ms', 0, 600_000),
    },
    forMs: integer(given, 'for-ms', 0, day),
    state: given.state || undefined,
  };
}

export function helpText(): string {
  return `practice gateway: a small real server on 127.0.0.1 that fails on request

  node gateway.js [options]

  --port N                  0 to 65535; 0 takes a free one (${valued.port})
  --protocol NAME           ${protocols.join(' | ')} (${valued.protocol})
  --fault SPEC              NAME, NAME:key=value,key=value or a JSON object; may be repeated
  --ready-line TEXT         printed on stdout when ready, with {port} and {pid} filled in
                            (${valued['ready-line']})
  --ping-ms N               pings its clients at this interval; 0: never (${valued['ping-ms']})
  --tick-ms N               openclaw: tick interval, also told in hello-ok (${valued['tick-ms']})
  --restart-refuse-ms N     a restart in process refuses this long (${valued['restart-refuse-ms']})
  --restart-starting-ms N   and then is not ready this long (${valued['restart-starting-ms']})
  --restart-expected-ms N   and says it will take this long (${valued['restart-expected-ms']})
  --state FILE              openclaw: keeps paired devices in FILE across processes
  --for-ms N                stops by itself after this long; 0: never (${valued['for-ms']})
  --quiet                   no log on stderr
  --help                    this text

HTTP    GET /healthz · GET /readyz · GET /stats · POST /fault {"name": …, …}
Signals SIGTERM, SIGINT stop · SIGHUP reads the configuration again · SIGUSR2 restarts in process
Secret  PRACTICE_TOKEN in the environment: the shared token of openclaw; none: nobody is asked

Faults, on the command line, by POST /fault, or over a connection: "fault" in jsonrpc,
"practice.fault" in openclaw, "/fault NAME:key=value" in plain. Each also takes afterMs=0.
forMs=0 and times=0 mean: until "clear". at=now hits the open connections; at=upgrade, open or
hello hits the next ones to get there.

${faultHelp()}
`;
}
