/**
 * Live actors as the guarantees read them. It promises the machines as they are at this moment,
 * and the sockets and processes as the outside knows them, not as the machines believe: what is
 * said to be gone and lives on counts as alive. It must never change anything.
 */
import type { AnyActorRef, AnyMachineSnapshot } from 'xstate';
import type { Actor, View } from '../../machines/guarantees.ts';
import { isIn } from '../runtime/view.ts';

/** A child by its id, and the role under which the guarantees know it. */
const places: readonly (readonly [path: string, role: string])[] = [
  ['gateway/service', 'service'],
  ['gateway/service/process', 'process'],
  ['gateway/link', 'link'],
  ['gateway/link/connection', 'connection'],
  ['gateway/link/connection/credentials', 'credentials'],
  ['gateway/link/connection/heartbeat', 'heartbeat'],
];

export interface Outside {
  sockets: number;
  processes: number;
  timers: number;
}

export class LiveView implements View {
  readonly actors: readonly Actor[];
  readonly liveLeaves: number;
  readonly armedTimers: number;

  constructor(root: AnyActorRef, { sockets, processes, timers }: Outside) {
    const armed = Object.values(root.system.getSnapshot()._scheduledEvents);
    const found: Actor[] = [actorOf('gateway', 'gateway', root, armed)];
    const known = new Map<string, AnyActorRef>([['gateway', root]]);
    for (const [path, role] of places) {
      const at = path.lastIndexOf('/');
      const children = known.get(path.slice(0, at))?.getSnapshot().children;
      const actor: AnyActorRef | undefined = children?.[path.slice(at + 1)];
      if (actor === undefined) continue;
      known.set(path, actor);
      found.push(actorOf(path, role, actor, armed));
    }
    for (let socket = 0; socket < sockets; socket += 1) {
      found.push(resource('gateway/link/connection/socket', 'socket'));
    }
    for (let process = 0; process < processes; process += 1) {
      found.push(resource('gateway/service/process/os', 'os'));
    }
    this.actors = found;
    this.liveLeaves = sockets + processes;
    this.armedTimers = timers;
  }

  at(path: string): Actor | undefined {
    return this.actors.find((actor) => actor.path === path);
  }
}

/** A half that is absent is a leaf without states, and has another role. */
function actorOf(
  path: string,
  role: string,
  actor: AnyActorRef,
  armed: readonly { source: AnyActorRef }[],
): Actor {
  const snapshot: AnyMachineSnapshot = actor.getSnapshot();
  const isMachine = snapshot.value !== undefined;
  return {
    path,
    role: isMachine || role === 'credentials' ? role : 'absent',
    live: false,
    timers: armed.filter(({ source }) => source === actor),
    matches: (state) => isMachine && isIn(snapshot.value, state),
  };
}

const resource = (path: string, role: string): Actor => ({
  path,
  role,
  live: true,
  timers: [],
  matches: () => false,
});
