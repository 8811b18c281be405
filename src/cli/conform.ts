/**
 * `holdfast conformance`: random walks of the machines on real XState actors beside the steps that
 * the checker computes. It promises the move after which the two first differed and the way there;
 * it must never call equal what Ctrl-C or a bound kept it from comparing.
 */
import { type Conformance, conformanceWhile } from '../verify/conformance.ts';
import type { World } from '../verify/index.ts';
import { brokenRule } from '../verify/rules.ts';
import { formatTrace } from '../verify/trace.ts';
import { codeOf, onInterrupt } from './interrupt.ts';
import { shipped, subjectOf } from './subject.ts';

export interface ConformOptions {
  steps?: number;
  seed?: number;
  json?: boolean;
}

interface Compared extends Conformance {
  world: string;
}

const usualSteps = 20_000;
const progressMs = 1_000;

export async function conform(file: string | undefined, options: ConformOptions): Promise<number> {
  const { steps = usualSteps, seed = 1, json = false } = options;
  const { worlds: known } = file === undefined ? shipped() : await subjectOf(file);
  // whoever stands in for a parent is no machine that ships
  const worlds = known.filter(({ standIns }) => standIns.length === 0);
  const share = Math.ceil(steps / worlds.length);
  const run = new Run();
  const all: Compared[] = [];
  for (const { name, world } of worlds) {
    const left = Math.min(share, steps - sum(all));
    if (run.isAsked || left <= 0) break;
    all.push({ world: name, ...(await run.compare(name, world, { seed, steps: left })) });
  }
  run.over();
  const different = all.filter(({ difference }) => difference !== undefined);
  const said = { steps: sum(all), differences: different.length, worlds: all };
  process.stdout.write(json ? `${JSON.stringify(said)}\n` : inWords(all, sum(all)));
  return different.length > 0 ? 1 : run.code;
}

const sum = (all: readonly Compared[]): number =>
  all.reduce((total, { steps }) => total + steps, 0);

function inWords(all: readonly Compared[], total: number): string {
  const lines = all.map(
    ({ world, steps, states, walks, seed, difference }) =>
      `${world}: ${steps} steps, ${walks} walks, ${states} states; seed ${seed}; ` +
      (difference === undefined ? 'no difference' : `DIFFERENT\n${difference}`),
  );
  const different = all.filter(({ difference }) => difference !== undefined).length;
  return `${[...lines, `${total} steps, ${different} differences`].join('\n')}\n`;
}

class Run {
  readonly over: () => void;
  #asked: NodeJS.Signals | undefined;
  #saidAt = performance.now();

  constructor() {
    this.over = onInterrupt({
      stop: (signal) => {
        this.#asked = signal;
      },
      kill: (signal) => process.exit(codeOf(signal)),
      killNow: () => {},
    });
  }

  get isAsked(): boolean {
    return this.#asked !== undefined;
  }

  get code(): number {
    return this.#asked === undefined ? 0 : codeOf(this.#asked);
  }

  /** A machine that breaks a rule before it moves cannot be walked: that is a difference too. */
  async compare(
    name: string,
    world: World,
    { seed, steps }: { seed: number; steps: number },
  ): Promise<Conformance> {
    const rule = brokenRule(world);
    if (rule) {
      return { seed, steps: 0, walks: 0, states: 0, ms: 0, difference: formatTrace(rule) };
    }
    return conformanceWhile(world, { seed, steps }, (made) => {
      this.#say(`${name}: ${made} of ${steps} steps so far, no difference\n`);
      return !this.isAsked;
    });
  }

  #say(line: string): void {
    if (performance.now() - this.#saidAt < progressMs) return;
    this.#saidAt = performance.now();
    process.stderr.write(line);
  }
}
