/**
 * The museum, sections A and B: clients of a WebSocket, and what was built on them to pair a
 * device, to switch gateways and to hold a tunnel. A row must cite what is about that very bug.
 */
import { type Exhibit, exhibit, out, promised, tested } from './exhibit.ts';

const device = 'tests/protocols/openclaw/device.test.ts';
const files = 'tests/drivers/private-files.test.ts';
const host = 'tests/e2e/hostile-host.test.ts';
const impostor = 'tests/hostile/impostor.test.ts';
const link = 'tests/e2e/link.test.ts';
const liveness = 'tests/e2e/liveness.test.ts';
const restarts = 'tests/e2e/restarts.test.ts';
const service = 'tests/e2e/service.test.ts';
const session = 'tests/protocols/openclaw/session.test.ts';

export const clients: readonly Exhibit[] = [
  exhibit(
    'A01',
    'The end of an old connection tears down the new one, again and again',
    'GS-03',
    promised('stale-is-inert', 'user retarget', 'socket accepted → socket.closed'),
  ),
  exhibit('A02', 'A frame of the old socket reaches the new session', 'GS-02', 'PR-02'),
  exhibit(
    'A03',
    'The wait of an old connection ends, and it replaces a healthy newer one',
    'GS-05',
  ),
  exhibit(
    'A04',
    'A retry that fails after it was overtaken is nobody’s: the link is never dialled again',
    'GS-08',
    promised('wanted-is-pursued', 'user retarget', 'socket connecting → socket.closed'),
  ),
  exhibit(
    'A05',
    'The present socket closes while an old reader holds the only flag: nobody dials again',
    'GS-08',
    promised('running-is-true', 'user retarget', 'socket accepted → socket.closed'),
  ),
  exhibit('A06', 'The wait after a first failure has no owner, and ends a newer socket', 'GS-06'),
  exhibit(
    'A07',
    'Two connects at once leave two readers on one client',
    'GS-09',
    promised('one-socket', 'user start', 'user retarget'),
    tested(link, 'five in one turn make one connection, to the newest'),
  ),
  exhibit(
    'A08',
    'A dispose between a dial and its answer leaves an open socket',
    'DS-04',
    'PR-04',
    promised('disposed-holds-nothing', 'user dispose', 'socket connecting → socket.opened'),
  ),
  exhibit('A09', 'A dispose during the welcome leaves a reader on a client that ended', 'DS-05'),
  exhibit('A10', 'Two disposals tear down twice', 'DS-01'),
  exhibit('A11', 'A teardown that throws leaves a socket and timers behind', 'DS-02'),
  exhibit('A12', 'A listener that throws at a loss keeps the link from coming back', 'MU-01'),
  exhibit(
    'A13',
    'A peer that has gone without a word counts as connected for hours',
    'HB-08',
    'HB-01',
    promised('beats-only-while-open', 'socket greeted → socket.accepted'),
    tested(liveness, 'HB-20: is found after silence and two probes'),
  ),
  exhibit('A14', 'Clients that fail together come back together', 'RC-11'),
  exhibit(
    'A15',
    'A peer that never finishes the handshake is waited for without end',
    'CH-03',
    'CH-04',
    promised('wanted-is-pursued', 'timer challenge', 'timer hello'),
  ),
  exhibit('A16', 'A peer is asked for what it does not know, and given up for it', 'HB-16'),
  exhibit('A17', 'A dial that was overtaken installs its socket over the newer one', 'GS-01'),
  exhibit(
    'A18',
    'A connect that nobody waits for fails, and ends the app',
    'CH-12',
    tested(host, 'that throws, rejects or hangs is named; start and stop settle, nothing escapes'),
  ),
  exhibit('A19', 'A client is used after its end', 'DS-07'),
  exhibit(
    'A20',
    'A socket that opens counts as success: a refusal is repeated each second',
    'RC-07',
  ),
  exhibit(
    'A21',
    'A close frame goes out in the middle of a send: errors, and an unclean end',
    'DS-08',
    tested(
      'tests/drivers/transport-conformance.ts',
      'sends the close frame first, behind what was sent, and reports the answer',
    ),
  ),
  exhibit('A22', 'A message of any size is gathered in memory', 'BI-02'),
  exhibit('A23', 'A slow listener holds up answers and signs of life', 'MU-02'),
  exhibit(
    'A24',
    'A newer connection does not close the older one: the peer keeps two sessions',
    'GS-09',
    promised('one-socket', 'socket greeted → socket.accepted', 'user retarget'),
  ),
  exhibit(
    'A25',
    'A reconnect that fails is the last one',
    'GS-07',
    promised('wanted-is-pursued', 'timer backoff', 'socket connecting → socket.closed'),
  ),
];

export const managers: readonly Exhibit[] = [
  exhibit('B01', 'The close right behind “you must be approved” hides that news', 'AU-09'),
  exhibit(
    'B02',
    'A device dials on while it waits for approval: a storm, each dial with a new request',
    'AU-07',
    'AU-08',
  ),
  exhibit('B03', 'The pause for an approval outlives the approval', 'AU-10'),
  exhibit('B04', 'One change is told on two paths, with all its effects twice', 'AU-07', 'CH-10'),
  exhibit('B05', 'The older signature is sent on the socket that was refused', 'AU-04'),
  exhibit(
    'B06',
    'A retry takes the refused socket, a token that is used up, or that of another role',
    'AU-04',
    'AU-13',
    tested(device, 'gives back what was saved under the same key, and nothing under another'),
  ),
  exhibit(
    'B07',
    'Handlers are attached twice, or hear of something after they were detached',
    'GS-02',
    tested('tests/runtime/leaf.test.ts', 'releases once, whoever asks first'),
    tested('tests/runtime/dispatcher.test.ts', 'by off, whatever name it was given for'),
  ),
  exhibit('B08', 'Events of the old gateway change what is known of the new one', 'GS-10'),
  exhibit(
    'B09',
    'A token or a remedy of the old gateway is kept for the new one',
    tested(session, 'counts for its own gateway alone'),
    tested(device, 'gives back what was saved under the same key, and nothing under another'),
  ),
  exhibit('B10', 'A wish to reconnect cancels the attempt that is on its way already', 'RC-22'),
  exhibit(
    'B11',
    'A restart that was announced, amid a pairing, is reported as a failure',
    'CC-06',
    'AU-09',
  ),
  exhibit('B12', 'What is pending at a stop ends by its own deadline, as a timeout', 'DS-22'),
  exhibit(
    'B13',
    'An identity is half written, or a damaged one is replaced without a word',
    'AU-17',
    tested(files, 'are replaced whole while others read them'),
  ),
  exhibit(
    'B14',
    'A wrong clock of ours makes every signature invalid',
    'CH-02',
    tested(
      device,
      'carries the time and the nonce of the challenge, so our own clock may be wrong',
    ),
  ),
  exhibit(
    'B15',
    'A device describes itself differently each time, and must be approved anew',
    'MU-09',
  ),
  exhibit(
    'B16',
    'Another process has the port, and is given credentials',
    'AU-14',
    tested(impostor, 'and authorize says no: it never sees a socket'),
  ),
  exhibit(
    'B17',
    'The listener is replaced just before it is given credentials',
    promised('credentials-follow-the-challenge', 'socket connecting → socket.opened'),
    tested(impostor, 'with another certificate than the pinned one: it hears not one byte of ours'),
  ),
  exhibit(
    'B18',
    'The late end of a process marks its successor dead, and one more is started each time',
    'GS-16',
    promised('stale-is-inert', 'user restart', 'os signalled → os.exited'),
    tested(service, 'PO-26: too often is failed with last words'),
  ),
  exhibit(
    'B19',
    'A function of the host is called inside of a step, calls back, and all stands still',
    'DS-30',
    tested('tests/e2e/hostile-reentry.test.ts', 'settles with the truth'),
  ),
  exhibit(
    'B20',
    'Ready is said because one of the two halves is',
    promised('running-is-true', 'os alive → os.exited', 'socket accepted → socket.closed'),
  ),
  exhibit(
    'B21',
    'A status that was handed out changes later, or can be changed by its reader',
    tested('tests/e2e/status.test.ts', 'DG-05: is not harmed by whoever changes what it was given'),
  ),
  exhibit('B22', 'What was told once is never told again: the second failure is silent', 'MU-03'),
  exhibit(
    'B23',
    'The end of an older restart uses up what was meant for a newer one',
    promised('stale-is-inert', 'user restart', 'plan asked → plan.ready'),
    tested(restarts, 'RS-03: comes once more when the new process has already read its plan'),
  ),
  exhibit(
    'B24',
    '“I am still starting” is not understood, and a slow start fails',
    'CC-08',
    'CH-23',
  ),
  exhibit(
    'B25',
    'A start finds the lease of the last one still held, and runs into it over and over',
    tested(service, 'PO-17: with a code of the host says whatever the host said it does'),
    tested(service, 'PO-06: before it was ready is tried startsMax times, then failed'),
  ),
  exhibit('B26', 'A step that makes the gateway restart is reported as failed', 'CC-04'),
  exhibit(
    'B27',
    'Waiting for an approval is remembered past the end of that connection',
    'AU-10',
    promised('rest-holds-nothing', 'socket greeted → socket.refused', 'user stop'),
  ),
  exhibit('B28', 'A stored token is not used at a start: a pairing each time', 'AU-23'),
  out(
    'B29',
    'A window closes, its machine goes idle, and takes the gateway along',
    'no window and no machine is ours; a process lives until a stop',
  ),
  exhibit(
    'B30',
    'A repair by itself undoes that the user has left, or runs into a start',
    'AU-22',
    promised('rest-holds-nothing', 'socket connecting → socket.closed', 'user stop'),
  ),
  exhibit(
    'B31',
    'The connection before cannot be torn down, and the next one never begins',
    'MU-04',
  ),
];
