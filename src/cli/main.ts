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
  duration,
  milliseconds,
  oneOf,
  pattern,
  protocols,
  restarts,
  UsageError,
  word,
} from './arguments.ts';
import type { DemoOptions } from './demo.ts';
import type { RunOptions } from './run.ts';

const { version } = createRequire(import.meta.url)('holdfast/package.json') as { version: string };

const exitCodes = `
Exit codes:
  0    the demo: every step came to the state it must · run: the command ended with 0
  1    the demo: a step did not · run: Holdfast gave up, for a reason it names
  2    an option is wrong; the message names it, the rule and the value
  n    run: the exit code of the command, 128 + the number of the signal that killed it`;

const demoExamples = `
Examples:
  $ holdfast demo                 the tour, once
  $ holdfast demo --for 30s       for half a minute, round after round
  $ holdfast demo --json | jq .   one JSON object a line, for a program

Exit code 0 only if every step came to the state it must; 130 after Ctrl-C.`;

const runExamples = `
Examples:
  $ holdfast run -- node server.mjs
      starts it, starts it again when it crashes, stops it on Ctrl-C and leaves nothing behind
  $ holdfast run --ready-line 'listening on (?<port>\\d+)' \\
      --url 'ws://127.0.0.1:{port}' --protocol jsonrpc -- node server.mjs
      and holds a link to it: a server that is alive and silent is found and replaced
  $ holdfast run --restart never --json -- ./job 2> events.ndjson > result
      runs it once; what it wrote is in result, byte for byte

The command's stdout is our stdout, untouched. Holdfast speaks on stderr, beside the command's own
stderr; with --json every line there is one JSON object. The command gets a silent stdin that
ends when Holdfast does. Its whole group, and whatever it left behind, goes with it.

Ctrl-C (or SIGTERM, SIGHUP) stops: SIGTERM, then SIGKILL after --grace. Twice kills.

Exit codes:
  n      the command's own, when it ended for good or was stopped; 128 + signal when killed
  1      Holdfast gave up for another reason: not started, not ready, no link; it says which
  2      an option is wrong`;

function program(): Command {
  const root = new Command('holdfast')
    .description(
      'Supervises a local service, holds the link to it, and says in one line what happens.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .helpCommand('help [command]', 'print the help of a command')
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, 'holdfast:')) })
    .exitOverride()
    .addHelpText('after', exitCodes);
  addDemo(root);
  addRun(root);
  return root;
}

function addDemo(root: Command): void {
  root
    .command('demo')
    .summary('a practice gateway and a tour of what can happen to it')
    .description(
      'Supervises a practice gateway, connects to it and walks through faults: it is killed, cut\n' +
        'off, silent, deaf, restarted, broken. Each step is checked. Ends by itself.',
    )
    .option(
      '--for <duration>',
      'go on this long, such as 30s (default: one tour)',
      duration('--for'),
    )
    .option('--json', 'print NDJSON on stdout')
    .addHelpText('after', demoExamples)
    .action(async (options: DemoOptions) => {
      const { demo } = await import('./demo.ts');
      process.exitCode = await demo(options);
    });
}

function addRun(root: Command): void {
  root
    .command('run')
    .summary('supervise a command, and hold a link to it')
    .description('Supervises COMMAND, and with --url holds a link to it.')
    .usage('[options] -- COMMAND [argument...]')
    .argument('<command...>', 'the program and its arguments; no shell')
    .option(
      '--url <url>',
      'where it can be reached; {port} is the port of --ready-line',
      address('--url'),
    )
    .option(
      '--protocol <name>',
      `${protocols.join(' or ')} (default: plain)`,
      oneOf('--protocol', protocols),
    )
    .option(
      '--ready-line <regex>',
      'it is ready when it prints this (default: at once)',
      pattern('--ready-line'),
    )
    .option('--name <name>', 'what its lines begin with (default: holdfast)', word('--name'))
    .option('--grace <ms>', 'from SIGTERM to SIGKILL (default: 10000)', milliseconds('--grace'))
    .option(
      '--restart <when>',
      `${restarts.join(', ')} (default: on-failure)`,
      oneOf('--restart', restarts),
    )
    .option('--json', 'print NDJSON on stderr')
    .passThroughOptions()
    .addHelpText('after', runExamples)
    .action(async (command: [string, ...string[]], options: RunOptions) => {
      const { run } = await import('./run.ts');
      process.exitCode = await run(command, options);
    });
}

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
