/**
 * The museum, sections F to N: starts and requests, what was found by running a manager of flags
 * and timers against fakes, and what was found by reading it. A row must cite what is about that
 * very bug.
 */
import { type Exhibit, exhibit, out, promised, tested } from './exhibit.ts';

const both = 'tests/e2e/both.test.ts';
const conformance = 'tests/drivers/process-conformance.ts';
const link = 'tests/e2e/link.test.ts';
const manager = 'tests/migration/gateway-manager.test.ts';
const restarts = 'tests/e2e/restarts.test.ts';
const service = 'tests/e2e/service.test.ts';
const status = 'tests/runtime/status.test.ts';
const stops = 'tests/e2e/service-stop.test.ts';
const outputLog = 'tests/runtime/output-log.test.ts';
const texts = 'tests/runtime/texts.test.ts';

const foreign = tested(link, 'PO-27: refuses a restart, whoever asks');
const cooled = tested(restarts, 'RS-09: within the cooldown comes once, when it is over');
const replanned = tested(restarts, 'RS-03: comes once more when the new process has already read');

export const starts: readonly Exhibit[] = [
  exhibit('F01', 'One deadline for a whole handshake: who is slow is never in', 'CH-05'),
  exhibit(
    'F02',
    'Ready is assumed after a time, and the first requests fail',
    'CH-15',
    'RP-01',
    promised('running-is-true', 'readiness asked → readiness.unproved', 'timer poll'),
  ),
  exhibit(
    'F03',
    'A peer speaks before it serves; its refusal leaves a socket, and nobody asks again',
    'CH-23',
    'CH-16',
    'CH-07',
  ),
  exhibit(
    'F04',
    'Ready is told before anybody listens, and not again',
    tested('tests/runtime/waiters.test.ts', 'that finds its fact at once needs no look'),
  ),
  exhibit('F05', 'A slow answer to something optional counts against the whole', 'RP-09'),
  exhibit(
    'F06',
    'Requests without a bound slow a gateway until it is restarted',
    'RP-09',
    tested('tests/e2e/requests.test.ts', 'costs no more than the queue'),
  ),
  exhibit('F07', 'A socket that opens is taken for a gateway that serves', 'CH-15', 'CH-17'),
  exhibit(
    'F08',
    'What is recorded of a reconnect holds what is nobody’s business',
    tested('tests/errors.test.ts', 'SE-02: holds no'),
    tested(texts, 'shows no secret'),
  ),
  exhibit(
    'F09',
    'A timer of the old connection declares the new one ready',
    promised('running-is-true', 'socket accepted → socket.closed', 'timer expect'),
    tested(status, 'DG-12: never repeats a line, and running never comes before hello'),
  ),
];

export const simulated: readonly Exhibit[] = [
  exhibit(
    'G01',
    'A stop while a start awaits the host leaves it starting for ever',
    'DS-09',
    promised('stopping-is-pursued', 'user stop', 'plan asked → plan.ready'),
  ),
  exhibit(
    'G02',
    'A restart joins one whose process has read the old configuration',
    'RS-03',
    replanned,
  ),
  exhibit('G03', 'A stop and a start while the first start unwinds end stopped', 'DS-11'),
  exhibit(
    'G04',
    'A stop while a spawn is pending leaves a process',
    'DS-12',
    promised('rest-holds-nothing', 'user stop', 'os spawning → os.spawned'),
  ),
  exhibit(
    'G05',
    'A hello that comes after a stop is taken, and pings go on',
    'DS-13',
    promised('rest-holds-nothing', 'user stop', 'socket greeted → socket.accepted'),
  ),
  exhibit(
    'G06',
    'The late exit of the old process takes away the new one: a stop leaves it alive',
    'GS-16',
    promised('stale-is-inert', 'user restart', 'timer kill', 'os signalled → os.exited'),
  ),
  exhibit(
    'G07',
    'The late close of the old socket marks the new connection down',
    'GS-03',
    promised('stale-is-inert', 'user retarget', 'socket accepted → socket.closed'),
  ),
  exhibit(
    'G08',
    'A crash during a start: the next start does nothing and counts as success',
    'RC-14',
  ),
  exhibit('G09', 'The connection is lost, and its requests wait for their own deadlines', 'CC-05'),
  exhibit(
    'G10',
    'A restart soon after the last one is said to be done, and never comes',
    'RS-09',
    cooled,
  ),
  exhibit('G11', 'A ping may take longer than its interval, and no peer is ever dead', 'HB-04'),
  exhibit(
    'G12',
    'Credentials that never come, or fail, leave a connect that never settles',
    'CH-12',
  ),
  exhibit('G13', 'A socket whose handshake was refused stays, and is read', 'CH-06', 'CH-07'),
  exhibit('G14', 'Two connects share an id: the answer to one opens the other', 'RP-16', 'GS-10'),
  exhibit('G15', 'A listener that throws at “running” leaves a start that never settles', 'CH-26'),
  exhibit(
    'G16',
    'A stop during a reload is undone by what was planned behind it',
    'RS-14',
    promised('rest-holds-nothing', 'user restart', 'user stop', 'timer settle'),
    tested(restarts, 'RS-14: that settles never fires after a stop, also not in the next life'),
  ),
  exhibit('G17', 'A change soon after a connect is lost', cooled),
  exhibit(
    'G18',
    'A delayed restart starts what the user has stopped',
    'DS-19',
    'AU-22',
    tested(restarts, 'DS-19: while stopped is refused to anybody else, now or later'),
  ),
  exhibit('G19', 'A restart is forgotten because the link to the same process came back', 'MU-06'),
  exhibit(
    'G20',
    'A link that opens and drops, again and again, never runs out of attempts',
    'RC-08',
  ),
  exhibit(
    'G21',
    'A gateway of somebody else is shut down for its silence',
    'HB-07',
    foreign,
    'HB-20',
  ),
  exhibit(
    'G22',
    'A stop while a restart fails: the error allows recovery again',
    'DS-16',
    promised('stopping-is-pursued', 'user restart', 'user stop', 'plan asked → plan.failed'),
    tested(restarts, 'DS-16: whose start is bound to fail stays stopped when a stop comes first'),
  ),
  exhibit('G23', 'A start while a stop waits for the end is lost', 'DS-11'),
  exhibit(
    'G24',
    'A stop while a restart takes the old process down is overridden',
    'RS-22',
    promised('stopping-is-pursued', 'user restart', 'user stop', 'os signalled → os.exited'),
    tested(both, 'a restart that settles'),
    tested(restarts, 'RS-22: in its start phase is superseded by a stop, and leaves nothing'),
  ),
  exhibit(
    'G25',
    'A process ends before its launch is confirmed, and is owned though dead',
    'MU-10',
    tested(conformance, 'reports spawned, exited and empty once each and in this order'),
  ),
  exhibit(
    'G26',
    'A launch that fails at once is never answered',
    'HZ-06',
    tested(service, 'is tried startsMax times and named'),
    tested(conformance, 'reports failed and empty, and nothing else, when there is nothing to run'),
  ),
  exhibit(
    'G27',
    'A process that is gone before it was there leaves a start that waits for ever',
    promised('wanted-is-pursued', 'timer spawn', 'os doomed → os.exited'),
  ),
  exhibit(
    'G28',
    'A start that fails for good leaves its process alive',
    'HZ-04',
    tested(service, 'or not within readyMs: it is ended, tried again, and given up with the rule'),
  ),
  exhibit(
    'G29',
    'A quit while a spawn is pending leaves a process behind the app',
    'HZ-08',
    promised('disposed-holds-nothing', 'user quit', 'os spawning → os.spawned'),
    tested(stops, 'settles while a plan hangs and while a spawn is pending'),
  ),
  exhibit(
    'G30',
    'After a crash the status shows a dead pid, an old connection, and ready',
    'DG-11',
    promised('running-is-true', 'os alive → os.exited'),
    tested(status, 'DG-11: takes the pid, the port and the connection out of the status at once'),
  ),
  exhibit(
    'G31',
    'A stop during a repair: its success says “starting”, for ever',
    'DS-09',
    promised('stopping-is-pursued', 'user stop', 'plan asked → plan.ready'),
  ),
  exhibit(
    'G32',
    'The one verdict on a silence falls into a cooldown, and is lost',
    'HB-06',
    'MU-07',
  ),
  out('G33', 'A reload that waited comes as a restart', 'there is one kind, and it says its cause'),
];

export const read: readonly Exhibit[] = [
  exhibit('H01', 'Whoever listens on the port is killed', 'PO-11', foreign),
  exhibit(
    'H02',
    'No exit ever comes of a gateway of somebody else, and no close code brings it back',
    'OW-07',
    'CC-10',
    tested(link, 'is a loss that another attempt may cure'),
  ),
  exhibit(
    'H03',
    'What folds repeated lines grows without a bound',
    'DG-07',
    tested(outputLog, 'is counted to the last one whatever comes between, and little is held'),
    tested(texts, 'are at most 500 lines, the newest last'),
  ),
  exhibit(
    'H04',
    'A token in another spelling, or in the environment, is logged',
    'SE-01',
    tested(service, 'SE-01: keeps its secrets, in arguments, environment and output'),
    tested(texts, 'shows no secret'),
  ),
  exhibit('H05', 'A stop settles requests only after the process is gone', 'DS-22'),
  exhibit(
    'H06',
    'An error event that nobody listens to is thrown',
    tested(manager, 'may be listened to by one who throws: the start is none the worse'),
  ),
  exhibit(
    'H07',
    'A file that cannot be read in time holds the lock of the start',
    promised('wanted-is-pursued', 'timer plan'),
    tested(stops, 'DS-09, DS-10: while the plan is awaited leaves nothing; a later start works'),
  ),
  exhibit('H08', 'A damaged identity is replaced without a word', 'AU-17'),
  out(
    'H09',
    'A repair outlives the quit',
    'there is no repair; what a process starts goes with it',
  ),
  exhibit('H10', 'Somebody sets the clock, and waits end early or never', 'MU-08'),
];

export const found: readonly Exhibit[] = [
  exhibit(
    'N1',
    'After a recovery the status still shows the old error and its count',
    'DG-16',
    tested(status, 'DG-16: forgets a failed attempt once it has recovered'),
  ),
  exhibit(
    'N2',
    'A quit kills the process, and the recovery starts another one',
    'DS-31',
    promised('stopping-is-pursued', 'user quit', 'os signalled → os.exited', 'timer backoff'),
    tested(stops, 'DS-26, DS-31: ends a hanging process within its limit, for ever'),
  ),
  exhibit(
    'N3',
    'A restart that a stop overtook is said to be done, and leaves a process',
    'RS-22',
    promised('rest-holds-nothing', 'user restart', 'user stop', 'os spawning → os.spawned'),
    tested(restarts, 'RS-22: in its start phase is superseded by a stop, and leaves nothing'),
  ),
  exhibit('N4', 'What a clean stop cut off counts against the next run', 'RP-18'),
  exhibit('N5', 'A listener that throws at “starting” keeps the lock', 'CH-29'),
  exhibit(
    'N6',
    'A restart of what is not ours shuts it down, and starts one of ours',
    'PO-27',
    foreign,
  ),
  exhibit(
    'N7',
    'A delayed reload and a delayed restart both come',
    'RS-23',
    tested(manager, 'and a reload that settle together are one, and neither comes after a stop'),
  ),
  exhibit(
    'N8',
    'Of two delays the later and shorter one wins',
    'RS-24',
    tested(restarts, 'RS-13, RS-24: settles: one of many, at the latest of their deadlines'),
  ),
  exhibit(
    'N9',
    'An attempt that fails shows as given up for a moment',
    'DG-17',
    tested(status, 'DG-17: is never failed between automatic attempts'),
  ),
  exhibit(
    'N10',
    'A delayed reload follows a policy that has changed meanwhile',
    'RL-18',
    replanned,
  ),
];
