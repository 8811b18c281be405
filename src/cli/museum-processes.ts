/**
 * The museum, sections C to E: processes and who owns them, ten turns of one decision about
 * heartbeats, restarts and configuration. A row must cite what is about that very bug.
 */
import { type Exhibit, exhibit, out, promised, tested } from './exhibit.ts';

const both = 'tests/e2e/both.test.ts';
const children = 'tests/drivers/child-process.test.ts';
const conformance = 'tests/drivers/process-conformance.ts';
const host = 'tests/e2e/hostile-host.test.ts';
const link = 'tests/e2e/link.test.ts';
const owners = 'tests/e2e/ownership.test.ts';
const restarts = 'tests/e2e/restarts.test.ts';
const service = 'tests/e2e/service.test.ts';
const stops = 'tests/e2e/service-stop.test.ts';
const texts = 'tests/runtime/texts.test.ts';

const foreign = tested(link, 'PO-27: refuses a restart, whoever asks');
const second = tested(
  both,
  'HB-10: by silence is redialled; a second failure replaces the process',
);

export const processes: readonly Exhibit[] = [
  exhibit(
    'C01',
    'The last signal of an old process finds nobody, or the new process',
    'DS-24',
    'GS-16',
  ),
  exhibit(
    'C02',
    'A stop does not wait for the end, and the next start finds its port taken',
    'DS-11',
  ),
  exhibit(
    'C03',
    'A process starts itself again outside of its group, and keeps the port',
    tested(stops, 'PO-20: takes grandchildren along, in the group and in a session of their own'),
    tested(children, 'in a session of their own are found by their mark and killed'),
  ),
  exhibit('C04', 'What the system starts again is killed again, without end', foreign),
  exhibit('C05', 'Minutes are spent waiting for a process that has ended', 'MU-10'),
  exhibit(
    'C06',
    'A kill that nobody awaits, and saves in a row: one restart runs into the next',
    promised('rest-holds-nothing', 'user stop', 'os signalled → os.exited'),
    tested(restarts, 'RS-10: twenty within the cooldown are one'),
  ),
  exhibit(
    'C07',
    'A recovery goes around the lock of the start: two processes',
    'PO-14',
    promised('one-process', 'os alive → os.exited', 'timer backoff', 'user start'),
    tested(service, 'PO-14: once, however often it is started meanwhile'),
  ),
  exhibit(
    'C08',
    'A wrong configuration is started over and over, or repaired by the words of an older end',
    tested(service, 'PO-16: with 78 is a wrong configuration: failed at once, and no loop'),
    tested(texts, 'are those of one process, and a copy'),
  ),
  exhibit('C09', 'A handshake that fails in passing is taken for the end', 'CH-27', 'CH-04'),
  exhibit(
    'C10',
    'Two copies of an app take each other’s processes for strays',
    'PO-22',
    tested(children, 'the mark is found in an environment of any size, whole and nowhere else'),
    'OW-12',
  ),
  exhibit(
    'C11',
    'A lock file with a pid that is used again keeps the app out',
    tested(owners, 'never leads to a stranger who has the same number now'),
  ),
  exhibit(
    'C12',
    'The app is gone before its process is',
    'DS-26',
    promised('disposed-holds-nothing', 'user quit', 'os signalled → os.exited'),
    tested(stops, 'DS-26, DS-31: ends a hanging process within its limit, for ever'),
  ),
  exhibit(
    'C13',
    'An exit is listened for after the signal, and a cleanup holds up the quit',
    tested(conformance, 'reports spawned, exited and empty once each and in this order'),
    tested(stops, 'settles while a plan hangs and while a spawn is pending'),
  ),
  exhibit('C14', 'A pid is used before there is one', 'DS-12'),
  exhibit('C15', 'After an announced restart the process is not ours any more', 'CC-03'),
  exhibit(
    'C16',
    'The close comes before the exit, and each leaves the recovery to the other',
    'CC-13',
    'CC-16',
    promised('wanted-is-pursued', 'os alive → os.exited'),
    tested(both, 'CC-16: is one recovery when the close comes before its exit'),
    tested(both, 'CC-13: is one recovery when its exit comes before the close'),
  ),
  exhibit('C17', 'A start that is tried again takes its own process for a stray', 'CH-23'),
  exhibit(
    'C18',
    'A close that a dying peer never answers leaves sockets behind',
    tested('tests/e2e/link-ends.test.ts', 'waits 250 ms for an answer to its close frame'),
    tested('tests/drivers/ws.test.ts', 'reaches the peer as a TCP reset and leaves no TIME_WAIT'),
  ),
  exhibit('C19', 'A process is started on a port that is still taken', 'PO-13', 'OW-01', 'OW-02'),
  exhibit(
    'C20',
    'Each try kills the process of the last one, and a start that was broken off passes for done',
    'CH-23',
    tested(stops, 'DS-09, DS-10: while the plan is awaited leaves nothing; a later start works'),
  ),
  exhibit(
    'C21',
    'A process restarts inside of itself, and a second one is started beside it',
    'CC-01',
  ),
  exhibit('C22', 'A process lives and never serves, and is waited for', 'PO-19', 'MU-05'),
  exhibit(
    'C23',
    'A child inherits the traces of our own supervisor, and believes them',
    'PO-25',
    tested(service, 'PO-25: does not inherit the traces of our own supervisor'),
  ),
  out('C24', 'A port that the app itself cannot open ends the app', 'we open no port'),
  out('C25', 'A window that hides in place of closing swallows the quit', 'there is no window'),
  exhibit(
    'C26',
    'A quit waits for somebody who only looks on',
    tested(host, 'that only looks on harms nothing: output, logger, inspect, onConnected'),
  ),
  exhibit(
    'C27',
    'All that a helper writes is kept',
    tested(texts, 'are at most 256 KiB, however long a line is'),
  ),
  exhibit(
    'C28',
    'A repair and a restart run at once, and loop over what cannot be repaired',
    tested(service, 'PO-16: with 78 is a wrong configuration: failed at once, and no loop'),
  ),
  exhibit(
    'C29',
    'A flood of one line holds up the start',
    tested(children, 'of any size is read to its end and never piles up'),
    tested(texts, 'are at most 500 lines, the newest last'),
  ),
];

export const heartbeats: readonly Exhibit[] = [
  exhibit('D01', 'A pong that is late under load ends a connection that works', 'HB-09', 'HB-17'),
  exhibit('D02', 'Three missed pongs replace a process that is only busy', 'HB-08', second),
  exhibit('D03', 'On one system nobody pings, and a dead peer is never found', 'HB-08'),
  exhibit('D04', 'The pings return, and the false restarts with them', 'HB-09', 'HB-17'),
  exhibit('D05', 'Silence is only recorded: who hangs is never replaced', 'HB-08', second),
  exhibit('D06', 'Three misses restart a gateway, be it ours or not', foreign, 'HB-20', second),
  exhibit('D07', 'One threshold for all systems restarts the slower ones', 'HB-17', 'HB-12'),
  exhibit('D08', 'Silence is only recorded once more', 'HB-08', second),
  exhibit('D09', 'A threshold is moved where a question was missing', 'HB-09', 'HB-12'),
  exhibit(
    'D10',
    'No bug: after a silence one question, then one action under a guard',
    'HB-08',
    tested(both, 'HB-10: by silence, open again but never heard of, is the second failure too'),
  ),
];

export const restarting: readonly Exhibit[] = [
  exhibit(
    'E01',
    'A process that restarts by itself is killed for it',
    'CC-01',
    tested(both, 'RS-17: by 1012, with a restart asked for at the same time, replaces it once'),
  ),
  exhibit(
    'E02',
    'A restart that waited is dropped because all runs again',
    'MU-06',
    tested(restarts, 'RS-04, RS-06: waits for a start in progress, and three of them are one'),
  ),
  exhibit(
    'E03',
    'A limit on restarts keeps one that is needed away for minutes',
    tested(restarts, 'RS-09: within the cooldown comes once, when it is over, and is not lost'),
  ),
  exhibit('E04', 'After an announced restart nobody dials again, on one system', 'CC-01'),
  exhibit(
    'E05',
    'A restart that waited comes although the process has restarted by itself: once is enough',
    tested(both, 'RS-17: by 1012, with a restart asked for at the same time, replaces it once'),
  ),
  exhibit(
    'E06',
    'The start half of a restart fails after its stop half forbade recovery: down for good',
    promised('wanted-is-pursued', 'user restart', 'plan asked → plan.failed'),
    tested(restarts, 'RS-15: whose new process cannot start rejects with the reason'),
  ),
  out('E07', 'Two writers of one configuration lose a change', 'no configuration is written'),
  exhibit(
    'E08',
    'One change restarts twice: by itself, and by us',
    tested(both, 'RS-17: by 1012, with a restart asked for at the same time, replaces it once'),
  ),
  exhibit('E09', 'The answer is lost to the restart that the request has caused', 'CC-04'),
  out('E10', 'A cleanup at the start changes the configuration', 'no configuration is written'),
  out(
    'E11',
    'Accepted work is given up before the recovery is',
    'what a request means is the app’s; an error says by `delivery` what may have happened',
  ),
  exhibit(
    'E12',
    'An option is declared, and read by nobody',
    tested(restarts, 'RS-09: within the cooldown comes once, when it is over, and is not lost'),
    tested('tests/runtime/settings.test.ts', 'has its default'),
  ),
];
