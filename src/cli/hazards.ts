/**
 * Hazards of one manager of flags and timers, by the feature that they came with: what it did, what
 * is done here instead, and what shows that. Beside the museum they are told from the other side,
 * as decisions. A hazard must never stand here without a scenario that would notice it.
 */
import type { Keeper } from './exhibit.ts';

export interface Hazard {
  /** the letter and number of the feature */
  id: string;
  /** what it did */
  hazard: string;
  /** what is done here */
  instead: string;
  kept: readonly Keeper[];
}

const row = (id: string, hazard: string, instead: string, ...kept: Keeper[]): Hazard => ({
  id,
  hazard,
  instead,
  kept,
});

export const hazards: readonly Hazard[] = [
  row(
    'A11',
    'A second connect is skipped, or runs beside the first',
    'the newest target wins, and the older attempt is ended',
    'GS-01',
    'GS-09',
  ),
  row(
    'A17',
    'The retry of a first connect that failed has no owner',
    'a wait is a state of the link; whoever dials leaves it',
    'GS-06',
  ),
  row('B15', 'A damaged identity is made anew', 'the link fails, and says which file', 'AU-17'),
  row(
    'ST3',
    'How long it runs is stored, in two units, and grows old',
    'the status says since when',
    'HZ-01',
  ),
  row(
    'ST6',
    'There is no state for a stop on its way: starts in it are lost',
    '`stopping` takes a start as what follows, and no request',
    'DS-11',
    'DS-22',
  ),
  row(
    'ST7',
    'A pid, a connection and an error outlive what they were about',
    'a status is derived, and holds what is there',
    'DG-11',
    'DG-16',
  ),
  row(
    'ST8',
    'A listener that throws wedges the lifecycle',
    'listeners are called outside of any step, each by itself',
    'CH-26',
  ),
  row('ST9', 'The version is a field that nobody sets', 'it comes with each hello', 'HZ-02'),
  row(
    'ST10',
    'A check says that it pings, and does not',
    '`probe()` asks, and answers what it heard',
    'HZ-03',
  ),
  row(
    'ST12',
    'Each automatic attempt shows as the end',
    '`failed` is where nothing is tried any more',
    'DG-17',
  ),
  row(
    'D4',
    'What a start awaits before its first state is not looked at again',
    'each thing that is awaited is a state, and a stop leaves it',
    'DS-09',
  ),
  row(
    'D5',
    'A flag says who started, and goes stale',
    'attempts are the link’s own count; a start begins a new one',
    'RC-03',
    'RC-14',
  ),
  row(
    'D8',
    'A start that failed leaves its process, and does not say so',
    'what is not ready in time is ended; what is there is in the status',
    'HZ-04',
    'PO-19',
  ),
  row(
    'D11',
    'A start behind a stop is swallowed by the start before',
    'the last word of the host counts',
    'DS-11',
  ),
  row(
    'D13',
    'What must be done once is done at every start, unseen',
    '`beforeSpawn` is asked once for each spawn, and never otherwise',
    'HZ-05',
  ),
  row(
    'D14',
    'The credential of a gateway that was found is dropped',
    '`credentials` is told whose process it is, where, and which attempt',
    'HZ-07',
  ),
  row(
    'D15',
    'A listener that throws at “starting” keeps the lock for ever',
    'there is no lock, and listeners hold up nobody',
    'CH-29',
  ),
  row(
    'E3',
    'A stop during the repair leaves a start that never ends',
    'the repair is a state, and a stop leaves it, with its command',
    'SR-22',
  ),
  row(
    'E4',
    'The result of a spawn or a hello is installed before it is looked at',
    'what comes after a stop is ended by whoever it comes to',
    'DS-12',
    'DS-13',
  ),
  row(
    'G4',
    'A stop is over before the process is',
    'over is when the group is empty, or on record as unkillable',
    'PO-24',
    'GS-16',
  ),
  row(
    'G5',
    'Any exit is taken for that of the present process',
    'an exit belongs to the leaf that reports it',
    'GS-16',
  ),
  row(
    'G6',
    'A spawn that fails early is never answered',
    'a failure, an exit and silence all lead on',
    'HZ-06',
    'PO-10',
    'SV-17',
  ),
  row(
    'G12',
    'A quit amid a spawn leaves the process behind',
    'it waits for the process, and kills it',
    'HZ-08',
  ),
  row(
    'G15',
    'A kill at the quit is recovered from',
    'behind a quit there is no path to a start',
    'DS-31',
  ),
  row(
    'H2',
    'Nothing limits how long credentials may take',
    'they have a deadline and a state of their own',
    'CH-12',
  ),
  row('H3', 'Two connects of one moment have one id', 'each id is new', 'RP-16'),
  row(
    'H6',
    'A socket whose handshake failed stays, and is read',
    'it is closed, and nothing behind the refusal is read',
    'CH-06',
    'CH-07',
  ),
  row(
    'H7',
    'The late close of an old socket ends the new one',
    'it is no news of the new one',
    'GS-03',
  ),
  row(
    'H8',
    'Which close is dialled again depends on the platform',
    'every loss is; an exit that explains one has a moment to come',
    'CC-10',
    'CC-13',
    'OW-07',
  ),
  row(
    'I2',
    'A ping that may take longer than its interval finds nobody dead',
    'such figures are refused',
    'HB-04',
  ),
  row(
    'I4',
    'The one verdict on a silence falls into a cooldown, and is lost',
    'it is owed until it was acted on',
    'HB-06',
    'MU-07',
  ),
  row(
    'I5',
    'A gateway of somebody else is shut down for its silence',
    'its link is dialled again, and no more',
    'HB-07',
  ),
  row(
    'J3',
    'Each success forgets all attempts: a link that flaps never ends',
    'they are forgotten once it was open for a while',
    'RC-08',
  ),
  row('J4', 'A start that did nothing counts as success', 'success is to be open', 'RC-14'),
  row(
    'J6',
    'There is a cooldown that nobody starts',
    'a restart starts it, a stop ends it',
    'RS-09',
    'RS-22',
  ),
  row(
    'J8',
    'Requests outlive their connection until their own deadline',
    'they end with it, with its cause',
    'CC-05',
  ),
  row(
    'K4',
    'A restart is dropped because the link to the same process is back',
    'only a launch that comes after it serves it',
    'MU-06',
  ),
  row(
    'K5',
    'A restart joins one that has read the old configuration',
    'what comes after the plan was asked for needs another launch',
    'RS-03',
  ),
  row(
    'K6',
    'A restart within the cooldown is said to be done, and never comes',
    'it comes when the cooldown is over',
    'RS-09',
    'RS-10',
  ),
  row(
    'K8',
    'A restart that fails takes back the stop that came meanwhile',
    'a stop supersedes it, whatever becomes of it',
    'DS-16',
    'RS-22',
  ),
  row(
    'K9',
    'A delayed restart starts what was stopped',
    'a stop clears it, and later ones are refused',
    'RS-14',
    'DS-19',
  ),
  row(
    'K12',
    'A restart that a stop overtook is said to be done, and counts',
    'its outcome is `superseded`',
    'RS-22',
  ),
  row(
    'K13',
    'A restart of what is not ours shuts it down, and starts one of ours',
    'it is refused, `not-owned`',
    'PO-27',
  ),
  row(
    'K14',
    'A delayed restart and a delayed reload both come',
    'one deadline for both, the later; a restart absorbs a reload',
    'RS-23',
    'RS-24',
  ),
  row(
    'L3',
    'A reload that waits for a start comes as a restart',
    'what waits keeps what it is',
    'RL-07',
  ),
  row('L4', 'A reload of what is stopped starts it', 'it is refused', 'RL-25', 'RL-26'),
  row(
    'L5',
    'A reload soon after a start is skipped, and the change is lost',
    'it is done once the process serves, whenever that is',
    'RL-07',
    'RL-22',
  ),
  row(
    'L7',
    'A stop while a reload is being watched is undone by it',
    'the watching is a state, and a stop leaves it',
    'DS-18',
    'RL-25',
  ),
  row(
    'L11',
    'A delayed reload goes the way that was right when it was asked for',
    'the host says the way when it is done',
    'RL-18',
  ),
  row(
    'M4',
    'A stop settles requests only after the process is gone',
    'they are settled first',
    'DS-22',
  ),
  row(
    'M6',
    'A stop shuts down what it does not own',
    'it disconnects, and leaves it running',
    'OW-03',
    'DS-28',
  ),
  row(
    'N13',
    'What a stop cut off counts against the next run',
    'health is that of the present connection',
    'RP-18',
  ),
  row('P3', 'What folds repeated lines grows without a bound', 'it holds a few', 'DG-07'),
  row(
    'P6',
    'A token in another spelling is logged',
    'secrets are known by value, in whatever form they come',
    'SE-01',
  ),
];
