/**
 * The leaf that asks the host what to run: the service, or the command that mends its
 * configuration. Promises an answer with the mark that every descendant will carry, written down
 * before there is anything to find; it must never run anything itself.
 */
import type { PlanInput, PlanReport } from '../../machines/index.ts';
import { HoldfastError } from '../errors.ts';
import type { Custody } from './custody.ts';
import { invalid } from './defaults.ts';
import type { Planned } from './facts.ts';
import { fencedController } from './fences.ts';
import { type Asking, calling, type Host, messageOf, signalled } from './host.ts';
import { leaf } from './leaf.ts';
import type { Plan } from './options.ts';
import { tellRepair } from './repair.ts';

/** `plan`, then `beforeSpawn`. */
export const planLeaf = (host: Host) =>
  leaf<PlanInput, never, PlanReport>('plan', host, ({ attempt, task }, post) => {
    if (task === 'repair') return repairPlan(host, attempt, post);
    const abort = fencedController(signalled(host, 'process.plan or process.beforeSpawn'));
    Object.assign(host.facts, { lastStart: null, left: null, attached: null });
    const asking: Asking = { option: null };
    planned(host, 'serve', abort.signal, () => draw(host, attempt, abort.signal, asking)).then(
      (planned) => {
        if (abort.signal.aborted) return;
        host.facts.planned = planned;
        post({ type: 'plan.ready' });
      },
      (error) => {
        if (abort.signal.aborted) return;
        const fatal = error instanceof HoldfastError && error.code === 'HF_OPTION_INVALID';
        host.facts.lastStart = { code: 'HF_PLAN_FAILED', message: messageOf(error) };
        host.diagnose('error', 'HF_PLAN_FAILED', messageOf(error));
        post({ type: 'plan.failed', fatal });
      },
    );
    return {
      release() {
        abort.abort();
        if (asking.option === null) return;
        const message = `${asking.option} had not answered`;
        host.facts.lastStart = { code: 'HF_PLAN_FAILED', message };
      },
    };
  });

/** With the mark that finds it again, written down before there is anything to find. */
async function planned(
  host: Host,
  task: Planned['task'],
  signal: AbortSignal,
  draw: () => Promise<Plan>,
): Promise<Planned> {
  const plan = await draw();
  const mark = { name: 'HOLDFAST_MARK', value: host.uuid() };
  if (!signal.aborted) await host.custody?.intend(mark);
  // nobody will spawn it any more
  if (signal.aborted) noted(host, (custody) => custody.gone(mark));
  return { task, plan, mark };
}

/** A record that cannot be written costs the next host its knowledge, and this one nothing. */
export function noted(host: Host, write: (custody: Custody) => Promise<void>) {
  if (host.custody === null) return;
  const failed = (error: unknown) =>
    host.diagnose('warn', 'HF_CUSTODY', `the custody record is not written: ${messageOf(error)}`);
  host.saving(write(host.custody).catch(failed));
}

async function draw(
  host: Host,
  attempt: number,
  signal: AbortSignal,
  asking: Asking,
): Promise<Plan> {
  const options = host.settings.process;
  if (options === null) throw new HoldfastError('HF_INTERNAL', 'no process is set');
  const { plan: ask, beforeSpawn, command, env, cwd } = options;
  const request = { attempt, because: host.because(), signal };
  const fixed = {
    ...(command === undefined ? {} : { command }),
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
  };
  const asked = ask === undefined ? {} : await calling('process.plan', () => ask(request), asking);
  const plan = { ...fixed, ...asked };
  if (!Array.isArray(plan.command) || plan.command.length === 0) {
    throw invalid('process.plan().command', 'must be a program and its arguments', plan.command);
  }
  const whole = { ...plan, command: plan.command as unknown as Plan['command'] };
  if (beforeSpawn !== undefined) {
    await calling('process.beforeSpawn', () => beforeSpawn(whole, request), asking);
  }
  return whole;
}

/** What the plan leaf does for a repair: the same question to another function of the host. */
function repairPlan(host: Host, attempt: number, post: (report: PlanReport) => void) {
  const abort = fencedController(signalled(host, 'process.repair'));
  const asking: Asking = { option: null };
  host.facts.repair = null;
  const failed = (told: string | null) => {
    if (abort.signal.aborted) return;
    if (told !== null) tellRepair(host, 'warn', told);
    post({ type: 'plan.failed', fatal: true });
  };
  asked(host, attempt, abort.signal, asking)
    .then((plan) => {
      if (plan === null) return failed(null);
      return planned(host, 'repair', abort.signal, async () => plan).then((it) => {
        if (abort.signal.aborted) return;
        host.facts.planned = it;
        post({ type: 'plan.ready' });
      });
    })
    .catch((error) => failed(messageOf(error)));
  return {
    release() {
      abort.abort();
      if (asking.option === null) return;
      host.facts.repair = { told: `${asking.option} had not answered`, exit: null };
    },
  };
}

/** Null: the host has nothing to mend it with. */
async function asked(
  host: Host,
  attempt: number,
  signal: AbortSignal,
  asking: Asking,
): Promise<Plan | null> {
  const { repair, env, cwd } = host.settings.process ?? {};
  if (repair === undefined) return null;
  const request = { attempt, because: host.because(), signal };
  const plan = await calling('process.repair', () => repair(request), asking);
  if (plan === null) return null;
  if (!Array.isArray(plan?.command) || plan.command.length === 0) {
    const rule = 'must be a program and its arguments';
    throw invalid('process.repair().command', rule, plan?.command);
  }
  return {
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
    ...plan,
  };
}
