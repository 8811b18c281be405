/** A wrong line for each scenario of LI-sleep, LI-life and LI-ends. */
import type { Mutant } from './mutants.ts';

const connection = 'machines/connection.ts';
const heartbeat = 'machines/heartbeat.ts';
const reconnect = 'machines/reconnect.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['LI-01'],
    file: connection,
    find: "'host.resumed': { target: 'dialing', reenter: true },",
    instead: '',
  },
  {
    ids: ['LI-02'],
    file: connection,
    find: "'host.resumed': { actions: 'tellHeartbeat' },",
    instead: '',
  },
  {
    ids: ['LI-03'],
    file: heartbeat,
    find: "{ guard: 'counts', target: '.pinging' },",
    instead: '',
  },
  {
    // one question is always enough
    ids: ['LI-04'],
    file: heartbeat,
    find: "{ target: 'suspect', actions: 'recall' },",
    instead: "{ target: 'probing', actions: 'recall' },",
  },
  {
    // whoever never lived is lost like any other
    ids: ['LI-05'],
    file: connection,
    find: "'heartbeat.mute': { target: '#connection.ended', actions: 'noteMute' },",
    instead: "'heartbeat.mute': '#connection.ended',",
  },
  {
    // an answer that is late is none
    ids: ['LI-06'],
    file: heartbeat,
    find: 'hear: assign({ missed: 0, heard: true }),',
    instead: 'hear: assign({ missed: 0 }),',
  },
  {
    ids: ['LI-07'],
    file: reconnect,
    find: "{ guard: 'identityUnreadable', target: '#reconnect.failed.identity' }",
    instead: "{ guard: 'identityUnreadable', target: '#reconnect.failed.protocol' }",
  },
  {
    ids: ['LI-08'],
    file: connection,
    find: 'lookup: ({ context }) => context.policy.lookupMs,',
    instead: 'lookup: ({ context }) => context.policy.openMs,',
  },
  {
    // only the code of its close says that a peer will be back
    ids: ['LI-09'],
    file: connection,
    find: "'socket.closed': { target: '#connection.ended', actions: 'noteRestart' },",
    instead: '',
  },
  {
    // who once said that it comes back is always waited for
    ids: ['LI-09'],
    file: connection,
    find: "'socket.leaving': { guard: not('returns'), target: 'steady' },",
    instead: '',
  },
  {
    // an announcement is remembered for ever
    ids: ['LI-10'],
    file: reconnect,
    find: 'forget: assign({ failures: 0, tries: 0, returningMs: 0 }),',
    instead: 'forget: assign({ failures: 0, tries: 0 }),',
  },
];
