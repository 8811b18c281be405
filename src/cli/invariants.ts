/**
 * What the history of managers of flags and timers teaches, as 68 invariants, and what keeps each
 * one here: a promise of the checker, a type, a test by its scenario or its path, or nothing, with
 * the reason. docs/guarantees.md prints it. It must never name a proof that does not exist; a test
 * looks each of them up.
 */

export interface Invariant {
  id: string;
  /** in our words */
  sentence: string;
  /** ids of promises, ids of scenarios, paths of tests; empty when nothing keeps it yet */
  kept: readonly string[];
  /** the type that makes it so, or why nothing does */
  note?: string;
}

const row = (id: number, sentence: string, kept: readonly string[], note?: string): Invariant => ({
  id: `I${id}`,
  sentence,
  kept,
  ...(note === undefined ? {} : { note }),
});

export const invariants: readonly Invariant[] = [
  row(1, 'one socket at a time, closed by its one owner', ['one-socket', 'GS-01']),
  row(2, 'what is not of the present generation changes nothing', ['stale-is-inert', 'PR-02']),
  row(3, 'a delayed action still owns what it acts on', ['stale-is-inert', 'GS-05', 'GS-15']),
  row(4, 'wanted and not connected is one recovery, or a reason', ['wanted-is-pursued', 'GS-07']),
  row(5, 'what arrives after its owner is released at once', ['rest-holds-nothing', 'DS-04']),
  row(6, 'a teardown runs once', ['DS-01'], 'a leaf releases in one place'),
  row(7, 'a listener that throws changes nothing and skips nothing', ['DS-02', 'DS-03', 'CH-26']),
  row(8, 'silence is found within a bound of the options', ['beats-only-while-open', 'HB-01']),
  row(9, 'waits are jittered', ['RC-10', 'RC-11']),
  row(10, 'each phase of a handshake has its deadline', ['CH-03', 'CH-04', 'CH-12', 'HB-19']),
  row(11, 'liveness asks only what the peer can answer', ['HB-16']),
  row(12, 'no error is unhandled', ['nothing-throws', 'tests/e2e/hostile-host.test.ts']),
  row(13, 'who is refused for good is not tried again', [
    'pause-holds-no-socket',
    'RC-18',
    'AU-01',
  ]),
  row(14, 'attempts are forgotten after a stable hello only', ['RC-07', 'RC-08']),
  row(15, 'frames and the close frame go out in order', ['tests/drivers/ws.test.ts']),
  row(16, 'what a peer or a child feeds is bounded', ['tests/hostile/wire.test.ts', 'BI-02']),
  row(17, 'functions of the host run outside of every step', ['tests/e2e/hostile-reentry.test.ts']),
  row(18, 'a pairing outlives the disconnect, without a storm', ['AU-07', 'AU-08', 'AU-09']),
  row(19, 'one transition is one event', ['CH-10', 'AU-07', 'tests/e2e/status.test.ts']),
  row(20, 'other credentials go over another socket', ['AU-04', 'AU-13']),
  row(21, 'credentials belong to one gateway and one role', ['AU-13', 'AU-14']),
  row(22, 'an attempt on its way is not cancelled by its like', ['CC-18', 'RC-06']),
  row(23, 'an announced restart is no failure', ['CC-01', 'CC-06', 'CC-08']),
  row(24, 'the end of a connection settles its requests at once', ['CC-04', 'CC-05', 'RP-15']),
  row(25, 'a lost identity is said, never replaced', ['AU-17']),
  row(26, 'signed time is the time of the server', [
    'CH-02',
    'tests/protocols/openclaw/session.test.ts',
  ]),
  row(27, 'the metadata of an identity stays', ['AU-23']),
  row(28, 'credentials go to the peer that was meant', [
    'credentials-follow-the-challenge',
    'tests/hostile/impostor.test.ts',
  ]),
  row(29, 'recovery has a budget for each owner', ['PO-26'], 'the budget of a service is its own'),
  row(30, 'a status is derived and has no stale field', ['running-is-true', 'DG-11', 'DG-16']),
  row(31, 'what is handed out cannot change what is inside', ['DG-05'], 'plain data, frozen'),
  row(32, 'a flag for one connection ends with it', ['HB-26', 'CH-19'], 'no flags: states'),
  row(33, 'what cannot be repaired is not repeated', [
    'PO-16',
    'PO-17',
    'failed-owns-nothing-unsaid',
  ]),
  row(34, 'a process does not live and die with a window', [], 'a host has no windows for us'),
  row(35, 'a stop beats everything until somebody starts', ['stop-ends', 'DS-13', 'RC-05']),
  row(36, 'the end of the old one has a bound', ['stopping-is-pursued', 'DS-24']),
  row(37, 'a signal goes to the process that was meant', ['tests/drivers/child-process.test.ts']),
  row(38, 'the next process starts when the last is gone', ['one-process', 'GS-16']),
  row(39, 'nobody else starts our process again', ['PO-25'], 'the plan of the host says so'),
  row(40, 'the exit of a process ends every wait for it', ['PO-06', 'tests/e2e/service.test.ts']),
  row(41, 'a burst of requests is one restart', ['RS-10', 'RS-13']),
  row(42, 'a kill is awaited', ['rest-holds-nothing', 'tests/drivers/child-process.test.ts']),
  row(43, 'at most one process of ours, through one gate', ['one-process', 'PO-14']),
  row(44, 'what may pass is tried again, up to a bound', ['nothing-gets-stuck', 'RC-02', 'PO-06']),
  row(45, 'what we did not spawn is not killed', ['attached-is-left-alone', 'OW-01']),
  row(46, 'a quit is bounded and leaves nothing', ['disposed-holds-nothing', 'DS-26', 'DS-31']),
  row(47, 'an exit is listened for before a signal', ['tests/drivers/child-process.test.ts']),
  row(48, 'a process stays ours over a lost link', ['CC-01', 'CC-03']),
  row(49, 'nothing is started on a port that is taken', ['OW-01', 'OW-02']),
  row(50, 'an abort is not a success', ['DS-07', 'tests/runtime/waiters.test.ts']),
  row(51, 'each state has a deadline, or says what it waits for', ['wanted-is-pursued', 'HB-19']),
  row(52, 'only a failed probe replaces a process', ['HB-10', 'HB-08', 'HB-24']),
  row(53, 'a gateway of somebody else gets another socket only', ['OW-03', 'OW-07']),
  row(54, 'one silence is one recovery, and it is not lost', ['HB-10', 'RS-09']),
  row(55, 'a restart of its own is not doubled by ours', ['CC-01', 'RS-17']),
  row(56, 'a restart that was asked for happens, or is superseded', ['RS-03', 'RS-04', 'RS-22']),
  row(57, 'a configuration is written by compare and set', ['RL-13', 'RL-14']),
  row(58, 'accepted work outlives a recovery', [], 'the drain of a service is its own'),
  row(59, 'there is no option without an effect', ['tests/runtime/settings.test.ts']),
  row(60, 'ready is proved', ['running-is-true', 'CH-15', 'CH-17']),
  row(61, 'what is optional does not degrade the rest', ['HB-16', 'AU-21', 'RP-09']),
  row(62, 'no secret leaves', ['SE-01', 'SE-02', 'tests/errors.test.ts']),
  row(63, 'what was overtaken enters no state', ['stale-is-inert', 'GS-10']),
  row(64, 'an attempt tells its own outcome', ['RC-14'], 'one report, stamped'),
  row(65, 'ids of requests are never used twice', ['RP-16']),
  row(66, 'each promise settles in time, with the truth', ['stop-ends', 'DS-21'], 'G6 everywhere'),
  row(67, 'what gave up owns nothing that it does not say', ['failed-owns-nothing-unsaid']),
  row(68, 'durations come from a monotonic clock', ['tests/drivers/system-clock.test.ts']),
];
