/**
 * What `--help` says below the options: examples that can be typed as they stand, and every exit
 * code. It must never promise what a command does not do.
 */

export const rootNotes = `
Examples:
  $ holdfast demo --for 30s
  $ holdfast run -- node server.mjs
  $ holdfast check --world link
  $ holdfast simulate --hours 100
  $ holdfast help run

Exit codes:
  0    the demo: every step came to the state it must; run: the command's own;
       check: proved (1: broken, 3: a bound was hit); replay: kept;
       simulate: nothing was broken (1: something was)
  1    the demo: a step did not; run: Holdfast gave up, for a reason it names
  2    an option is wrong: the message names it, the rule and the value
  n    run: the exit code of the command; 128 + signal when it was killed`;

export const demoNotes = `
Examples:
  $ holdfast demo                 the tour, once
  $ holdfast demo --for 30s       for half a minute, round after round
  $ holdfast demo --inspect       and a page that shows every actor, live
  $ holdfast demo --json | jq .   one JSON object a line, for a program

Exit codes:
  0    every step came to the state it must, and nothing is left running
  1    a step did not
  130  Ctrl-C; what had been walked until then was as it must be`;

export const checkNotes = `
Examples:
  $ holdfast check                         the machines that ship, every world
  $ holdfast check --world link --in-flight 2
  $ holdfast check --world contracts --in-flight 3
  $ holdfast check --json --seconds 60     one JSON object on stdout
  $ holdfast check ./my-machine.ts         a world or a machine of yours
  $ holdfast check --world link --emit promela --out models
      link.pml, and how many states SPIN must find in it
  $ holdfast check door.js --save door.json --emit-test door.test.ts
  $ holdfast check --delivery all --shard 1/3 --junit report.xml

FILE:
  exports a world (and promises), or one XState machine. A TypeScript file
  needs tsx. See docs/verifying-your-own-machine.md.

Exit codes:
  0    every promise holds in every state
  1    one does not: the shortest way there is printed; holdfast replay FILE
       makes it again from what --save has written
  2    an option or FILE is wrong: the message says which and why
  3    a bound or --seconds was hit; nothing is broken in what was explored
  130  Ctrl-C; the same is printed for what was explored until then`;

export const diagramNotes = `
Examples:
  $ holdfast diagram --machine reconnect > reconnect.svg
  $ holdfast diagram --machine gateway --level life.wanted > wanted.svg
  $ holdfast diagram ./my-machine.ts --format mermaid
  $ holdfast diagram ./my-machine.ts --format dot | dot -Tpng -o my-machine.png
  $ holdfast diagram ./my-machine.ts --out diagrams
      a text and a picture at every level of every machine it exports; what the
      folder has of machines that are gone is removed
  $ holdfast diagram ./my-machine.ts --out diagrams --check
      and in CI: one line for every file that no longer shows the machine
  $ holdfast check door.js --save door.json; holdfast diagram door.json > door.svg
      the way to a broken promise as a sequence diagram
  $ holdfast simulate --run 3 --record hours.ndjson
  $ holdfast diagram hours.ndjson --from 120 --to 180 > hours.svg
      what passed between the actors, in order; a gateway of yours is recorded by
      holdfast/inspect
  $ holdfast simulate --hours 20 --coverage played.json
  $ holdfast check --world link --coverage explored.json
  $ holdfast diagram --coverage played.json --coverage explored.json --out coverage
      how often each transition was taken, and on stderr what never was

FILE:
  exports XState v5 machines; without one, the machines that ship are drawn. A
  TypeScript file needs tsx. No function of the machine is run. Or a
  counterexample (.json) or a recording (.ndjson), of which at most the last 200
  entries are drawn.

Formats:
  svg      the picture: no script, no font, nothing to fetch
  mermaid  stateDiagram-v2, one line for one thing: made to be compared
  json     states and transitions as XState resolves them, with its own ids
  scxml    W3C SCXML 1.0, for tools that know statecharts and not XState
  dot      Graphviz, for a layout of your own

Levels:
  overview  the outermost states, composites closed
  full      all of it
  a state   one composite by its path, such as life.wanted, and what leads in
            and out of it

Exit codes:
  0    drawn; --check: everything is as it would be drawn
  1    --check: something is stale, and what differs is named
  2    an option or FILE is wrong: the message says which and why`;

export const simulateNotes = `
Examples:
  $ holdfast simulate                          10 hours, about 5 seconds
  $ holdfast simulate --seed 7 --hours 2000 --json
  $ holdfast simulate --seed 7 --hours 2000 --run 412 --keep 3,17
      one run again, with two of its acts: what a failure prints

Exit codes:
  0    nothing was broken, and every run came to the same digest twice
  1    something was: what, in which world, and the shortest schedule for it
  2    an option is wrong: the message names it, the rule and the value
  130  Ctrl-C; what had been played until then broke nothing`;

export const replayNotes = `
Examples:
  $ holdfast check door.js --save door.json
  $ holdfast replay door.json              on the file that was checked
  $ holdfast replay door.json ./mended.js  the same moves on another
  $ holdfast replay flapping.ndjson        a recording, on what ships
  $ holdfast replay mine.ndjson ./mine.js --from 120 --to 180 \\
        --emit-test flapping.test.ts       a part of one, and as a test

Each move is made on the checker and on real XState actors, and both states
are printed. With async, what real actors send each other is held and handed
over in the order of the file: one process alone may never come to it.

In a recording the machines are put where it begins and told what others told
them; nothing else runs. What they do is compared entry by entry.

Exit codes:
  0    the moves can be made, and break nothing any more; or the recording
       went the same way again
  1    a promise still breaks, or checker and actors differ; or the recording
       went another way
  2    FILE or SUBJECT is wrong: the message says which and why
  3    a move can no longer be made: it is named, with what is possible; a
       recording hides what decides, or has other machines`;

export const conformanceNotes = `
Examples:
  $ holdfast conformance                        the machines that ship
  $ holdfast conformance --steps 200000 --json
  $ holdfast conformance ./my-machine.ts --seed 7

Exit codes:
  0    real actors did what the checker computes, step by step
  1    they did not: the move, and the way to it, are printed
  2    an option or FILE is wrong: the message says which and why
  130  Ctrl-C; the same is printed for what was walked until then`;

export const mutantsNotes = `
Examples:
  $ holdfast mutants                       the machines that ship; takes minutes
  $ holdfast mutants --machine heartbeat   those of one machine
  $ holdfast mutants --mutant ID           one, while you work on it
  $ holdfast mutants --list                what would be changed, and no more
  $ holdfast mutants ./my-machine.ts       a world or a machine of yours

Each machine is changed in one place after another: a transition, its target,
guard or action, an entry, a child, a delay dropped or twisted. A promise must
notice. A mutant that does the same in every step is equivalent.

Exit codes:
  0    every mutant is killed or equivalent
  1    one survived: no promise notices it
  2    an option or FILE is wrong: the message says which and why
  3    --seconds was hit; none survived of those that were judged
  130  Ctrl-C; the same is printed for those that were judged until then`;

export const runNotes = `
Examples:
  $ holdfast run -- node server.mjs
      starts it, starts it again when it crashes, stops it on Ctrl-C
  $ holdfast run --ready-line 'listening on (?<port>\\d+)' \\
        --url 'ws://127.0.0.1:{port}' --protocol jsonrpc -- node server.mjs
      and holds a link to it: whoever lives and does not answer is replaced
  $ holdfast run --inspect -- node server.mjs
      and a page that shows every actor, live; with --inspect-commands the
      page may also start, stop, restart and reload it
  $ holdfast run --restart never --json -- ./job > result 2> events.ndjson
      runs it once; what it wrote is in result, byte for byte

Streams:
  The stdout of COMMAND is ours, untouched. Holdfast speaks on stderr, beside
  the stderr of COMMAND; with --json, every line there is one JSON object.
  COMMAND has a silent stdin that ends when Holdfast does.

Stopping:
  Ctrl-C (or SIGTERM, SIGHUP) stops: SIGTERM to the whole group of COMMAND,
  SIGKILL after --grace. A second one kills. What COMMAND left behind goes too.

Exit codes:
  n      that of COMMAND, when it ended for good or was stopped
  128+n  signal n ended it
  1      Holdfast gave up for another reason: not started, not ready, no link
  2      an option is wrong: the message names it, the rule and the value`;

export const inspectNotes = `
Examples:
  $ holdfast simulate --run 3 --record hours.ndjson
  $ holdfast inspect hours.ndjson
      prints a URL; whoever has all of it may look, nobody else
  $ holdfast inspect hours.ndjson --out hours.html
      a page to send to somebody: it opens without a server, and fetches nothing

Exit codes:
  0    --out is written
  2    an option or FILE is wrong: the message says which and why
  130  Ctrl-C`;
