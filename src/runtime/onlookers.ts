/**
 * Who looks on at one system: those that the host gave, and a page that was asked for. It promises
 * that one who fails changes nothing for the machines or for the others. It must never tell anybody
 * more than XState tells.
 */
import type { AnyActorRef, AnyStateMachine, InspectionEvent } from 'xstate';
import { HoldfastError } from '../errors.ts';
import { isolated } from './dispatcher.ts';
import type { Gateway } from './gateway.ts';

/** Whoever looks on: an observer of the machines, and a page that shows what it has seen. */
export interface Inspector {
  recorder(): unknown;
  inspect(recording: unknown, options: ServeOptions): Promise<Inspected>;
}

export interface InspectOptions {
  /** of 127.0.0.1; default 0, a free one */
  port?: number;
  /** also where `NODE_ENV` is `production`; default false */
  force?: boolean;
  /** what the page may ask for: `true`, its start, stop, restart and reload. Default false */
  commands?: boolean;
}

interface ServeOptions {
  port?: number;
  force?: boolean;
  commands?: { verbs: Readonly<Record<string, () => unknown>> };
}

export interface Inspected {
  /** with its token in the fragment: whoever has it may look on */
  readonly url: string;
  close(): Promise<void>;
}

/** A machine as who looks on wants to see it: its guards may tell what they say. */
export type Watched = <M extends AnyStateMachine>(machine: M) => M;

export type Watch = (event: InspectionEvent) => void;

type Failed = (error: unknown) => void;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const has = <K extends string>(value: unknown, name: K): value is Record<K, () => unknown> =>
  isObject(value) && name in value && typeof (value as Record<K, unknown>)[name] === 'function';

export class Onlookers {
  readonly #all: unknown[];
  readonly #failed: Failed;
  /** what a page shows */
  #recording: unknown;

  constructor(given: unknown, failed: Failed) {
    this.#all = given === undefined ? [] : [given];
    this.#recording = has(given, 'text') && has(given, 'listen') ? given : undefined;
    this.#failed = failed;
  }

  /** Undefined when nobody wants to see more than everybody sees. */
  get watched(): Watched | undefined {
    const wanting = this.#all.filter((one): one is { watch: Watched } => has(one, 'watch'));
    if (wanting.length === 0) return undefined;
    return (machine) =>
      wanting.reduce((seen, one) => {
        const next = one.watch(seen);
        // a promise is no machine, and may reject
        isolated(() => next, this.#failed);
        if (typeof next?.provide === 'function') return next;
        throw new TypeError('inspect.watch must answer the machine that it was given');
      }, machine);
  }

  tell(event: InspectionEvent): void {
    for (const one of this.#all) {
      isolated(() => {
        if (typeof one === 'function') return one(event);
        return has(one, 'next') ? (one.next as Watch)(event) : undefined;
      }, this.#failed);
    }
  }

  /** Those who were there from the first on want to hear what the gateway says, too. */
  follow(gateway: Gateway): void {
    for (const one of this.#all) this.#introduce(one, gateway);
  }

  async serve(
    { recorder, inspect }: Inspector,
    gateway: Gateway,
    { commands = false, ...rest }: InspectOptions,
    root: AnyActorRef | undefined,
  ): Promise<Inspected> {
    this.#recording ??= this.#joined(recorder(), gateway, root);
    const verbs = {
      start: () => gateway.start(),
      stop: () => gateway.stop(),
      restart: () => gateway.restart(),
      reload: () => gateway.reload(),
    };
    return inspect(this.#recording, commands ? { ...rest, commands: { verbs } } : rest);
  }

  /** One who comes late is told where everybody is. */
  #joined(recording: unknown, gateway: Gateway, root: AnyActorRef | undefined): unknown {
    this.#all.push(recording);
    this.#introduce(recording, gateway);
    if (root !== undefined && has(recording, 'next')) {
      tellOf(root, (event) => (recording.next as Watch)(event));
    }
    return recording;
  }

  #introduce(one: unknown, gateway: Gateway): void {
    if (!has(one, 'follow')) return;
    isolated(() => (one.follow as (gateway: Gateway) => unknown)(gateway), this.#failed);
  }
}

function tellOf(actorRef: AnyActorRef, tell: Watch): void {
  const snapshot = actorRef.getSnapshot() as { children?: Readonly<Record<string, AnyActorRef>> };
  tell({ type: '@xstate.snapshot', actorRef, snapshot } as unknown as InspectionEvent);
  for (const child of Object.values(snapshot.children ?? {})) tellOf(child, tell);
}

export const noInspector = (): HoldfastError =>
  new HoldfastError('HF_INTERNAL', 'inspect(): this gateway was made without an inspector');
