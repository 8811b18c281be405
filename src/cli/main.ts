#!/usr/bin/env node
/**
 * The command line: which command, which options, which exit code. It promises exit code 2 and one
 * sentence for whatever was typed wrong, and that a command loads only what it needs. It must
 * never show a stack for a mistake of a user, and never start anything before all is checked.
 */
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { isHoldfastError } from '../errors.ts';
import {
  address,
  count,
  deliveries,
  diagramFormats,
  duration,
  folder,
  hours,
  many,
  milliseconds,
  models,
  oneOf,
  pattern,
  places,
  port,
  protocols,
  restarts,
  seconds,
  seed,
  steps,
  themes,
  UsageError,
  word,
  worldNames,
} from './arguments.ts';
import type { CheckOptions } from './check.ts';
import type { ConformOptions } from './conform.ts';
import type { DemoOptions } from './demo.ts';
import type { DiagramOptions } from './diagram.ts';
import type { InspectOptions } from './inspect.ts';
import type { MutantsOptions } from './mutants.ts';
import {
  checkNotes,
  conformanceNotes,
  demoNotes,
  diagramNotes,
  inspectNotes,
  mutantsNotes,
  replayNotes,
  rootNotes,
  runNotes,
  simulateNotes,
} from './notes.ts';
import type { ReplayOptions } from './replay.ts';
import type { RunOptions } from './run.ts';
import { shard } from './shard.ts';
import type { SimulateOptions } from './simulate.ts';

const { version } = createRequire(import.meta.url)('holdfast/package.json') as { version: string };

function program(): Command {
  const root = new Command('holdfast')
    .description('Supervises a local service, holds the link to it, and says what happens.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .helpCommand('help [command]', 'print the help of a command')
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, 'holdfast:')) })
    .exitOverride()
    .addHelpText('after', rootNotes);
  addDemo(root);
  addRun(root);
  addCheck(root);
  addDiagram(root);
  addSimulate(root);
  addInspect(root);
  addReplay(root);
  addConformance(root);
  addMutants(root);
  return root;
}

function addDemo(root: Command): void {
  root
    .command('demo')
    .summary('a practice gateway and a tour of what can happen to it')
    .description(
      'Supervises a practice gateway, connects to it, and lets it be killed, cut off, silent,' +
        ' deaf, restarted and broken. Each step is checked. Ends by itself.',
    )
    .option('--for <duration>', 'go on this long, e.g. 30s (default: one tour)', duration('--for'))
    .option('--inspect', 'print a URL that shows every actor, live')
    .option('--json', 'print NDJSON on stdout')
    .addHelpText('after', demoNotes)
    .action(async (options: DemoOptions) => {
      const { demo } = await import('./demo.ts');
      process.exitCode = await demo(options);
    });
}

function addRun(root: Command): void {
  const url = 'where it is reached; {port} is the port of --ready-line';
  const protocol = `${protocols.join(' or ')} (default: plain)`;
  const ready = 'ready when it prints this (default: at once)';
  const restart = `${restarts.join(', ')} (default: on-failure)`;
  root
    .command('run')
    .summary('supervise a command, and hold a link to it')
    .description('Supervises COMMAND, and with --url holds a link to it.')
    .usage('[options] -- COMMAND [argument...]')
    .argument('[command...]', 'the program and its arguments; no shell')
    .option('--url <url>', url, address('--url'))
    .option('--protocol <name>', protocol, oneOf('--protocol', protocols))
    .option('--ready-line <regex>', ready, pattern('--ready-line'))
    .option('--name <name>', 'what its lines begin with (default: holdfast)', word('--name'))
    .option('--grace <ms>', 'from SIGTERM to SIGKILL (default: 10000)', milliseconds('--grace'))
    .option('--restart <when>', restart, oneOf('--restart', restarts))
    .option('--inspect', 'print a URL that shows every actor, live')
    .option('--inspect-commands', 'and from which it may be stopped, started and restarted')
    .option('--json', 'print NDJSON on stderr')
    .passThroughOptions()
    .addHelpText('after', runNotes)
    .action(async ([program, ...rest]: string[], options: RunOptions) => {
      if (program === undefined) throw new UsageError('COMMAND must stand after --; got nothing');
      const { run } = await import('./run.ts');
      process.exitCode = await run([program, ...rest], options);
    });
}

function addCheck(root: Command): void {
  const name = `${worldNames.join(', ')} (default: one after the other)`;
  const delivery = 'async: any order; rtc: the order of one process; all (default: async)';
  root
    .command('check')
    .summary('explore every interleaving of the machines, or of yours')
    .description('Explores every state that the machines can come to, and what must hold there.')
    .argument('[file]', 'a .ts or .js file that exports a world or a machine')
    .option('--world <name>', name, oneOf('--world', worldNames))
    .option('--delivery <how>', delivery, oneOf('--delivery', deliveries))
    .option(
      '--in-flight <n>',
      'async: messages under way (default: 1; FILE: 2)',
      count('--in-flight'),
    )
    .option('--posts <n>', 'rtc: posts that wait (default: 1; FILE: 2)', count('--posts'))
    .option('--seconds <s>', 'stop after so many seconds', seconds('--seconds'))
    .option('--emit <format>', 'promela: write models for SPIN', oneOf('--emit', models))
    .option('--out <dir>', '--emit: where to (default: .)', folder('--out'))
    .option('--shard <i/n>', 'only the i-th of n shares of worlds', shard('--shard'))
    .option('--save <file>', 'write what broke a promise, for holdfast replay')
    .option('--emit-test <file>', 'write it as a vitest file that fails (FILE)')
    .option('--junit <file>', 'write JUnit XML: a test case per promise and world')
    .option(
      '--coverage <file>',
      'write what was reached, for holdfast diagram',
      folder('--coverage'),
    )
    .option('--json', 'print one JSON object on stdout')
    .addHelpText('after', checkNotes)
    .action(async (file: string | undefined, options: CheckOptions) => {
      const run =
        options.emit === undefined
          ? (await import('./check.ts')).check
          : (await import('./emit.ts')).emit;
      process.exitCode = await run(file, options);
    });
}

function addSimulate(root: Command): void {
  root
    .command('simulate')
    .summary('hours of a hostile network and hostile processes, in seconds')
    .description(
      'Plays the whole runtime under a virtual clock, between a network and processes that' +
        ' fail in every way. Each run is played twice; what breaks it is shrunk to the' +
        ' shortest schedule.',
    )
    .option('--seed <n>', 'decides everything that happens (default: 1)', seed('--seed'))
    .option('--hours <n>', 'simulated, all runs together (default: 10)', hours('--hours'))
    .option('--runs <n>', 'that share the hours (default: one for every 2 hours)', many('--runs'))
    .option('--workers <n>', 'processes (default: one per processor)', count('--workers'))
    .option('--run <n>', 'only this one, counted from 0', seed('--run'))
    .option('--keep <list>', 'with --run: only these acts of it, or none', places('--keep'))
    .option(
      '--coverage <file>',
      'write what was reached, for holdfast diagram',
      folder('--coverage'),
    )
    .option(
      '--record <file>',
      'with --run: write what happened (.ndjson), for holdfast diagram',
      folder('--record'),
    )
    .option('--json', 'print one JSON object on stdout')
    .addHelpText('after', simulateNotes)
    .action(async (options: SimulateOptions) => {
      const { simulate } = await import('./simulate.ts');
      process.exitCode = await simulate(options);
    });
}

function addDiagram(root: Command): void {
  root
    .command('diagram')
    .summary('draw machines: pictures and texts, at every level')
    .description('Draws XState v5 machines as they are defined; nothing of them is run.')
    .argument('[file...]', '.ts or .js files that export machines (default: those that ship)')
    .option('--machine <name>', 'only this one', word('--machine'))
    .option(
      '--format <format>',
      `${diagramFormats.join(', ')} (default: svg)`,
      oneOf('--format', diagramFormats),
    )
    .option('--level <level>', 'overview, full or the path of a state (default: full)')
    .option(
      '--theme <theme>',
      `${themes.join(', ')} (default: auto, as the reader prefers)`,
      oneOf('--theme', themes),
    )
    .option('--out <dir>', 'write files there; alone: a text and every picture', folder('--out'))
    .option(
      '--coverage <file>',
      'draw what was reached, a recording too; may be repeated',
      repeated,
    )
    .option('--from <n>', 'of a recording: its first entry that is drawn', many('--from'))
    .option('--to <n>', 'of a recording: its last entry that is drawn', many('--to'))
    .option('--check', 'write nothing; exit 1 and say what in --out is stale')
    .addHelpText('after', diagramNotes)
    .action(async (files: string[], options: DiagramOptions) => {
      const { diagram } = await import('./diagram.ts');
      process.exitCode = await diagram(files, options);
    });
}

function addInspect(root: Command): void {
  root
    .command('inspect')
    .summary('show a recording in the browser')
    .description('Shows a recording in the browser, from this machine alone, until Ctrl-C.')
    .argument('<file>', 'a recording (.ndjson), as holdfast/inspect and simulate --record write it')
    .option('--port <n>', 'of 127.0.0.1 (default: a free one)', port('--port'))
    .option('--out <file>', 'write one .html that needs no server, and end', folder('--out'))
    .option('--json', 'print one JSON object on stdout')
    .addHelpText('after', inspectNotes)
    .action(async (file: string, options: InspectOptions) => {
      const { inspect } = await import('./inspect.ts');
      process.exitCode = await inspect(file, options);
    });
}

function addReplay(root: Command): void {
  root
    .command('replay')
    .summary('make a counterexample of check, or a recording, again')
    .description(
      'Makes a saved counterexample again, on the checker and on real actors; or a recording, on' +
        ' its machines.',
    )
    .argument('<file>', 'what holdfast check --save has written, or a recording (.ndjson)')
    .argument('[subject]', 'the file to try it on (default: what was checked, or ships)')
    .option('--from <n>', 'of a recording: its first entry', many('--from'))
    .option('--to <n>', 'of a recording: its last entry', many('--to'))
    .option('--emit-test <file>', 'of a recording: write it as a vitest file')
    .option('--json', 'print one JSON object on stdout')
    .addHelpText('after', replayNotes)
    .action(async (file: string, subject: string | undefined, options: ReplayOptions) => {
      const replay = file.endsWith('.ndjson')
        ? (await import('./replay-recording.ts')).replayRecording
        : (await import('./replay.ts')).replay;
      process.exitCode = await replay(file, subject, options);
    });
}

function addConformance(root: Command): void {
  root
    .command('conformance')
    .summary('hold real XState actors against the steps of the checker')
    .description('Walks at random: after each step both must have the same states and moves.')
    .argument('[file]', 'a .ts or .js file that exports a world or a machine')
    .option('--steps <n>', 'steps in all worlds together (default: 20000)', steps('--steps'))
    .option('--seed <n>', 'the same seed walks the same way (default: 1)', seed('--seed'))
    .option('--json', 'print one JSON object on stdout')
    .addHelpText('after', conformanceNotes)
    .action(async (file: string | undefined, options: ConformOptions) => {
      const { conform } = await import('./conform.ts');
      process.exitCode = await conform(file, options);
    });
}

function addMutants(root: Command): void {
  const name = `${worldNames.join(', ')} (default: all but both)`;
  root
    .command('mutants')
    .summary('change the machines in one place each: a promise must notice')
    .description('Changes the machines in one place each, and says which promise notices.')
    .argument('[file]', 'a .ts or .js file that exports a world or a machine')
    .option('--world <name>', name, oneOf('--world', worldNames))
    .option('--machine <name>', 'the mutants of this machine only', word('--machine'))
    .option('--mutant <id>', 'this mutant only; may be repeated', repeated)
    .option('--only <file>', 'the mutants that a file names, an id on each line')
    .option('--kills <file>', 'what --json printed before: who killed them is tried first')
    .option('--whole', 'explore the widest worlds to their end too')
    .option('--list', 'print the mutants, judge none')
    .option('--seconds <s>', 'stop after so many seconds', seconds('--seconds'))
    .option('--json', 'print one JSON object on stdout')
    .addHelpText('after', mutantsNotes)
    .action(async (file: string | undefined, options: MutantsOptions) => {
      const { mutants } = await import('./mutants.ts');
      process.exitCode = await mutants(file, options);
    });
}

const repeated = (one: string, before: readonly string[] = []): string[] => [...before, one];

/** A mistake of the user in one sentence; anything else is ours and keeps its stack. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const isUsage = error instanceof UsageError;
  if (!isUsage && !(isHoldfastError(error) && error.code === 'HF_OPTION_INVALID')) throw error;
  process.stderr.write(`holdfast: ${error.message}\n`);
  return 2;
}

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}
