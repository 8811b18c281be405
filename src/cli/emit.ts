/**
 * `holdfast check --emit promela`: writes worlds as models for SPIN instead of judging them. It
 * promises a file only for a world whose every state was seen, with the number of states that
 * SPIN must find in it; it must never write part of a world.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../verify/index.ts';
import { promela } from '../verify/promela.ts';
import { brokenRule } from '../verify/rules.ts';
import { tabulate } from '../verify/tables.ts';
import { UsageError } from './arguments.ts';
import type { CheckOptions } from './check.ts';
import { codeOf, onInterrupt } from './interrupt.ts';
import { shipped, subjectOf } from './subject.ts';

interface Model {
  world: string;
  file: string;
  inFlight: number;
  states: number;
  edges: number;
}

const progressMs = 1_000;

export async function emit(file: string | undefined, options: CheckOptions): Promise<number> {
  const { world, delivery = 'async', posts, inFlight, out = '.', json = false } = options;
  if (delivery !== 'async') {
    throw new UsageError(`--emit must come with --delivery async; got ${JSON.stringify(delivery)}`);
  }
  if (posts !== undefined) throw new UsageError('--posts must come with --delivery rtc');
  if (file !== undefined && world !== undefined) {
    throw new UsageError(`--world must not come with a FILE; got ${JSON.stringify(world)}`);
  }
  const subject = file === undefined ? shipped(world) : await subjectOf(file);
  const run = new Emission(inFlight ?? (file === undefined ? 1 : 2), options.seconds);
  const models: Model[] = [];
  for (const one of subject.worlds) {
    const model = await run.model(one.name, one.world);
    if (model === undefined) break;
    models.push({ ...model.facts, file: write(out, `${one.name}.pml`, model.text) });
  }
  run.over();
  const code = run.code(models.length === subject.worlds.length);
  const said = { ok: code === 0, models };
  process.stdout.write(json ? `${JSON.stringify(said)}\n` : models.map(inWords).join(''));
  return code;
}

function write(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    const why = error instanceof Error ? error.message.split(',')[0] : String(error);
    throw new UsageError(
      `--out must be a folder to write to (${why}); got ${JSON.stringify(folder)}`,
    );
  }
  return path;
}

const inWords = ({ world, file, inFlight, states, edges }: Model): string =>
  `${world}: ${states} states, ${edges} edges, in flight ${inFlight}; ${file}\n` +
  `  SPIN has to store ${states + 1} states, one of them before the start\n`;

class Emission {
  readonly #inFlight: number;
  readonly #deadline: number;
  readonly over: () => void;
  #asked: NodeJS.Signals | undefined;
  #refused = 0;
  #saidAt = performance.now();

  constructor(inFlight: number, forMs = Number.POSITIVE_INFINITY) {
    this.#inFlight = inFlight;
    this.#deadline = performance.now() + forMs;
    this.over = onInterrupt({
      stop: (signal) => {
        this.#asked = signal;
      },
      kill: (signal) => process.exit(codeOf(signal)),
      killNow: () => {},
    });
  }

  /** Nothing when it cannot be written; why is on stderr. */
  async model(world: string, described: World) {
    const rule = brokenRule(described);
    if (rule) return this.#refuse(1, `${world}: ${rule.guarantee}: ${rule.message}`);
    const inFlight = this.#inFlight;
    const tables = await tabulate(described, { inFlight }, ({ states, ms }) => {
      this.#say(world, states, ms);
      return this.#asked === undefined && performance.now() < this.#deadline;
    });
    if ('why' in tables) return this.#refuse(3, `${world}: not written: ${tables.message}`);
    const { states, edges } = tables;
    return { facts: { world, inFlight, states, edges }, text: promela([tables]) };
  }

  code(isWhole: boolean): number {
    if (this.#asked !== undefined) return codeOf(this.#asked);
    return isWhole ? 0 : this.#refused;
  }

  #refuse(code: number, why: string): undefined {
    this.#refused = code;
    process.stderr.write(`holdfast: ${why}\n`);
  }

  #say(world: string, states: number, ms: number): void {
    if (performance.now() - this.#saidAt < progressMs) return;
    this.#saidAt = performance.now();
    const rate = Math.round((states / ms) * 1_000);
    process.stderr.write(`${world}: ${states} states so far, ${rate} a second\n`);
  }
}
