/**
 * State machines that were published elsewhere: from standards, rebuilt here from their tables and
 * figures, and from the package of XState itself, read where it is installed.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as xstate from 'xstate';
import { type AnyStateMachine, and, createMachine, not, stateIn } from 'xstate';

/** By state and event: `target / action, action`; without a target it stays. */
type Table = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** An event that begins with `after` is a delay. */
function machineOf(id: string, initial: string, table: Table): AnyStateMachine {
  const states = Object.entries(table).map(([state, row]) => {
    const on = Object.entries(row).map(([event, cell]) => [event, transition(cell)] as const);
    const isDelay = ([event]: readonly [string, unknown]) => event.startsWith('after ');
    const after = on.filter(isDelay).map(([event, to]) => [event.slice('after '.length), to]);
    return [
      state,
      {
        on: Object.fromEntries(on.filter((one) => !isDelay(one))),
        after: Object.fromEntries(after),
      },
    ];
  });
  return createMachine({ id, initial, states: Object.fromEntries(states) });
}

function transition(cell: string) {
  const [target = '', does = ''] = cell.split('/').map((part) => part.trim());
  const actions = does === '' ? [] : does.split(',').map((action) => action.trim());
  return target === '' ? { actions } : { target, actions };
}

/** RFC 9293, figure 5. */
const tcp = machineOf('tcp', 'closed', {
  closed: { 'passive open': 'listen / create TCB', 'active open': 'synSent / create TCB, SYN' },
  listen: { SYN: 'synReceived / SYN ACK', send: 'synSent / SYN', close: 'closed / delete TCB' },
  synSent: { SYN: 'synReceived / SYN ACK', 'SYN ACK': 'established / ACK', close: 'closed' },
  synReceived: { 'ACK of SYN': 'established', close: 'finWait1 / FIN', RST: 'listen' },
  established: { close: 'finWait1 / FIN', FIN: 'closeWait / ACK' },
  finWait1: { 'ACK of FIN': 'finWait2', FIN: 'closing / ACK' },
  finWait2: { FIN: 'timeWait / ACK' },
  closing: { 'ACK of FIN': 'timeWait' },
  closeWait: { close: 'lastAck / FIN' },
  lastAck: { 'ACK of FIN': 'closed' },
  timeWait: { 'after 2 MSL': 'closed / delete TCB' },
});

/** RFC 9113, figure 2. */
const http2 = machineOf('http2Stream', 'idle', {
  idle: {
    'send PUSH_PROMISE': 'reservedLocal',
    'receive PUSH_PROMISE': 'reservedRemote',
    'send HEADERS': 'open',
    'receive HEADERS': 'open',
  },
  reservedLocal: { 'send HEADERS': 'halfClosedRemote', RST_STREAM: 'closed' },
  reservedRemote: { 'receive HEADERS': 'halfClosedLocal', RST_STREAM: 'closed' },
  open: {
    'send END_STREAM': 'halfClosedLocal',
    'receive END_STREAM': 'halfClosedRemote',
    RST_STREAM: 'closed',
  },
  halfClosedLocal: { 'receive END_STREAM': 'closed', RST_STREAM: 'closed' },
  halfClosedRemote: { 'send END_STREAM': 'closed', RST_STREAM: 'closed' },
  closed: {},
});

/** RFC 2131, figure 5. */
const dhcp = machineOf('dhcpClient', 'init', {
  initReboot: { start: 'rebooting / DHCPREQUEST' },
  rebooting: { DHCPNAK: 'init / restart', DHCPACK: 'bound / record lease, set T1 and T2' },
  init: { start: 'selecting / DHCPDISCOVER' },
  selecting: { DHCPOFFER: '/ collect replies', selected: 'requesting / DHCPREQUEST' },
  requesting: {
    DHCPOFFER: '/ discard',
    DHCPNAK: 'init / discard offer',
    'DHCPACK not accepted': 'init / DHCPDECLINE',
    DHCPACK: 'bound / record lease, set T1 and T2',
  },
  bound: { DHCPOFFER: '/ discard', DHCPACK: '/ discard', 'after T1': 'renewing / DHCPREQUEST' },
  renewing: {
    DHCPACK: 'bound / record lease, set T1 and T2',
    DHCPNAK: 'init / halt network',
    'after T2': 'rebinding / broadcast DHCPREQUEST',
  },
  rebinding: {
    DHCPACK: 'bound / record lease, set T1 and T2',
    DHCPNAK: 'init / halt network',
    'after lease': 'init / halt network',
  },
});

/** RFC 3261, figure 5: the INVITE transaction of a client. */
const invite = machineOf('sipInvite', 'calling', {
  calling: {
    'after timer A': '/ INVITE, double timer A',
    'after timer B': 'terminated / inform TU',
    'transport error': 'terminated / inform TU',
    '1xx': 'proceeding / 1xx to TU',
    '2xx': 'terminated / 2xx to TU',
    '300 to 699': 'completed / ACK, response to TU',
  },
  proceeding: {
    '1xx': '/ 1xx to TU',
    '2xx': 'terminated / 2xx to TU',
    '300 to 699': 'completed / ACK, response to TU',
  },
  completed: {
    '300 to 699': '/ ACK',
    'transport error': 'terminated / inform TU',
    'after timer D': 'terminated',
  },
  terminated: {},
});

/** RFC 4271, section 8.2.2, without its optional events. */
const bgp = machineOf('bgp', 'idle', {
  idle: { ManualStart: 'connect / initialize, connect', AutomaticStart: 'connect / connect' },
  connect: {
    ManualStop: 'idle / drop',
    'after ConnectRetryTimer': '/ connect',
    TcpConnectionConfirmed: 'openSent / OPEN',
    TcpConnectionFails: 'active / listen',
  },
  active: {
    ManualStop: 'idle / drop',
    'after ConnectRetryTimer': 'connect / connect',
    TcpConnectionConfirmed: 'openSent / OPEN',
    TcpConnectionFails: 'idle / release',
  },
  openSent: {
    ManualStop: 'idle / NOTIFICATION',
    'after HoldTimer': 'idle / NOTIFICATION',
    TcpConnectionFails: 'active / listen',
    BGPOpen: 'openConfirm / KEEPALIVE',
    NotifMsg: 'idle / drop',
  },
  openConfirm: {
    ManualStop: 'idle / NOTIFICATION',
    'after HoldTimer': 'idle / NOTIFICATION',
    'after KeepaliveTimer': '/ KEEPALIVE',
    KeepAliveMsg: 'established / restart HoldTimer',
    NotifMsg: 'idle / drop',
  },
  established: {
    ManualStop: 'idle / NOTIFICATION, delete routes',
    'after HoldTimer': 'idle / NOTIFICATION, delete routes',
    'after KeepaliveTimer': '/ KEEPALIVE',
    UpdateMsg: '/ process',
    TcpConnectionFails: 'idle / delete routes',
    NotifMsg: 'idle / delete routes',
  },
});

/** RFC 1661, section 4.1: every cell that is not a dash. */
const ppp = machineOf('ppp', 'initial', {
  initial: { Up: 'closed', Open: 'starting / tls', Close: 'initial' },
  starting: { Up: 'reqSent / irc, scr', Open: 'starting', Close: 'initial / tlf' },
  closed: {
    Down: 'initial',
    Open: 'reqSent / irc, scr',
    Close: 'closed',
    ...{ 'RCR+': 'closed / sta', 'RCR-': 'closed / sta', RCA: 'closed / sta' },
    ...{ RCN: 'closed / sta', RTR: 'closed / sta', RTA: 'closed' },
  },
  stopped: {
    Down: 'starting / tls',
    Open: 'stopped',
    Close: 'closed',
    ...{ 'RCR+': 'ackSent / irc, scr, sca', 'RCR-': 'reqSent / irc, scr, scn' },
    ...{ RCA: 'stopped / sta', RCN: 'stopped / sta', RTR: 'stopped / sta', RTA: 'stopped' },
  },
  closing: {
    ...{ Down: 'initial', Open: 'stopping', Close: 'closing' },
    ...{ 'TO+': 'closing / str', 'TO-': 'closed / tlf' },
    ...{ RTR: 'closing / sta', RTA: 'closed / tlf' },
  },
  stopping: {
    ...{ Down: 'starting', Open: 'stopping', Close: 'closing' },
    ...{ 'TO+': 'stopping / str', 'TO-': 'stopped / tlf' },
    ...{ RTR: 'stopping / sta', RTA: 'stopped / tlf' },
  },
  reqSent: {
    ...{ Down: 'starting', Open: 'reqSent', Close: 'closing / irc, str' },
    ...{ 'TO+': 'reqSent / scr', 'TO-': 'stopped / tlf' },
    ...{ 'RCR+': 'ackSent / sca', 'RCR-': 'reqSent / scn', RCA: 'ackRcvd / irc' },
    ...{ RCN: 'reqSent / irc, scr', RTR: 'reqSent / sta', RTA: 'reqSent' },
  },
  ackRcvd: {
    ...{ Down: 'starting', Open: 'ackRcvd', Close: 'closing / irc, str' },
    ...{ 'TO+': 'reqSent / scr', 'TO-': 'stopped / tlf' },
    ...{ 'RCR+': 'opened / sca, tlu', 'RCR-': 'ackRcvd / scn', RCA: 'reqSent / scr' },
    ...{ RCN: 'reqSent / scr', RTR: 'reqSent / sta', RTA: 'reqSent' },
  },
  ackSent: {
    ...{ Down: 'starting', Open: 'ackSent', Close: 'closing / irc, str' },
    ...{ 'TO+': 'ackSent / scr', 'TO-': 'stopped / tlf' },
    ...{ 'RCR+': 'ackSent / sca', 'RCR-': 'reqSent / scn', RCA: 'opened / irc, tlu' },
    ...{ RCN: 'ackSent / irc, scr', RTR: 'reqSent / sta', RTA: 'ackSent' },
  },
  opened: {
    ...{ Down: 'starting / tld', Open: 'opened', Close: 'closing / tld, irc, str' },
    ...{ 'RCR+': 'ackSent / tld, scr, sca', 'RCR-': 'reqSent / tld, scr, scn' },
    ...{ RCA: 'reqSent / tld, scr', RCN: 'reqSent / tld, scr' },
    ...{ RTR: 'stopping / tld, zrc, sta', RTA: 'reqSent / tld, scr' },
  },
});

/** In Search of an Understandable Consensus Algorithm, figure 4. */
const raft = machineOf('raft', 'follower', {
  follower: { 'after election timeout': 'candidate / vote for itself, ask for votes' },
  candidate: {
    'after election timeout': 'candidate / vote for itself, ask for votes',
    'votes of a majority': 'leader / heartbeat',
    'leader of this term': 'follower',
    'higher term': 'follower',
  },
  leader: { 'after heartbeat': '/ append entries', 'higher term': 'follower' },
});

/** SCXML, appendix G.3: a microwave oven with an engine and a door. */
const microwave = createMachine({
  id: 'microwave',
  type: 'parallel',
  states: {
    engine: {
      initial: 'off',
      states: {
        off: { on: { 'turn.on': 'on' } },
        on: {
          initial: 'idle',
          on: { 'turn.off': 'off' },
          always: { guard: 'time is up', target: 'off' },
          states: {
            idle: { always: { guard: stateIn({ door: 'closed' }), target: 'cooking' } },
            cooking: {
              always: { guard: stateIn({ door: 'open' }), target: 'idle' },
              on: { time: { actions: 'count' } },
            },
          },
        },
      },
    },
    door: {
      initial: 'closed',
      states: {
        closed: { on: { 'door.open': 'open' } },
        open: { on: { 'door.close': 'closed' } },
      },
    },
  },
});

/** Statecharts: A Visual Formalism for Complex Systems, figures 11 to 31, shortened: a watch. */
const watch = createMachine({
  id: 'watch',
  initial: 'alive',
  states: {
    dead: { on: { 'battery inserted': 'alive' } },
    alive: {
      type: 'parallel',
      on: { 'battery removed': 'dead' },
      states: {
        main: {
          initial: 'displays',
          states: {
            displays: {
              initial: 'regular',
              on: { 'alarm begins': 'beeping' },
              states: {
                regular: {
                  initial: 'time',
                  on: { a: 'out' },
                  states: {
                    time: { on: { d: 'date', c: { target: 'update', guard: 'held' } } },
                    date: { on: { d: 'time' }, after: { 'two minutes': 'time' } },
                    update: { on: { b: 'time', c: { actions: 'next field' } } },
                  },
                },
                out: {
                  initial: 'alarm',
                  on: { 'two minutes': 'regular' },
                  states: {
                    alarm: { on: { a: 'chime', d: { actions: 'switch alarm' } } },
                    chime: { on: { a: 'stopwatch', d: { actions: 'switch chime' } } },
                    stopwatch: {
                      initial: 'last',
                      on: { a: '#watch.alive.main.displays.regular' },
                      states: {
                        last: { type: 'history', history: 'deep', target: 'zero' },
                        zero: { on: { b: 'running' } },
                        running: {
                          type: 'parallel',
                          states: {
                            display: {
                              initial: 'live',
                              states: { live: { on: { d: 'lap' } }, lap: { on: { d: 'live' } } },
                            },
                            run: {
                              initial: 'on',
                              states: {
                                on: { on: { b: 'off' } },
                                off: {
                                  on: {
                                    b: 'on',
                                    d: {
                                      guard: and([
                                        not('lap shown'),
                                        stateIn('#watch.alive.main.displays.out'),
                                      ]),
                                      target: '#watch.alive.main.displays.out.stopwatch.zero',
                                    },
                                  },
                                },
                              },
                            },
                          },
                        },
                      },
                    },
                  },
                },
                shown: { type: 'history', target: 'regular' },
              },
            },
            beeping: {
              entry: 'beep',
              on: { 'any button': 'displays.shown' },
              after: { 'thirty seconds': 'displays.shown' },
            },
          },
        },
        light: {
          initial: 'off',
          states: { off: { on: { 'b pressed': 'on' } }, on: { on: { 'b released': 'off' } } },
        },
        power: {
          initial: 'ok',
          states: { ok: { on: { 'battery weakens': 'blinking' } }, blinking: {} },
        },
      },
    },
  },
});

/** The machines in the README of XState, as its code makes them. */
function ofXState(): AnyStateMachine[] {
  const folder = createRequire(import.meta.url).resolve('xstate/package.json');
  const readme = readFileSync(folder.replace('package.json', 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/^```(?:ts|js)\n([\s\S]*?)^```$/gm)].map(
    ([, code]) => code ?? '',
  );
  const made: AnyStateMachine[] = [];
  const still = { subscribe() {}, start() {}, send() {}, stop() {} };
  for (const code of blocks) {
    const program = code.replace(/^import [^;]*;$/gm, '');
    const names = ['createMachine', 'createActor', 'assign', 'console'];
    const run = new Function(...names, program);
    const make = (config: Parameters<typeof createMachine>[0]) => {
      const machine = createMachine(config);
      made.push(machine);
      return machine;
    };
    run(make, () => still, xstate.assign, still);
  }
  return made;
}

export const publicCharts = new Map<string, AnyStateMachine>([
  ...[tcp, http2, dhcp, invite, bgp, ppp, raft, microwave, watch].map(
    (machine): [string, AnyStateMachine] => [machine.id, machine],
  ),
  ...ofXState().map((machine, i): [string, AnyStateMachine] => [
    `xstate ${i}: ${machine.id}`,
    machine,
  ]),
]);
