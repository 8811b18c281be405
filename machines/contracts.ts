/**
 * What each actor takes, is told and reports. Types only: no machine imports another machine, a
 * parent knows a child by its contract alone. Two envelopes cross every boundary and nothing else
 * does: an `order` (parent to child, opens a new generation) and a `from.NAME` report (child to
 * parent, stamped with the generation the child had taken). A report of an older generation is
 * stale and changes nothing. Hints are the third kind: unstamped, need no answer, may be ignored.
 */

/** A counter private to one parent and one child slot; compared for equality only. */
export type Generation = number;

/** Parent to child. The child takes `gen` whatever its state, then obeys `order`. */
export type Order<O> = { type: 'order'; gen: Generation; order: O };

/** Child to parent. The parent hears `report` only if `gen` is the one it last opened. */
export type From<Name extends string, R> = { type: `from.${Name}`; gen: Generation; report: R };

/** The host slept, was stopped or blocked: deadlines that ran meanwhile prove nothing. */
export type HostResumed = { type: 'host.resumed' };

/** Why a connection ended, as far as the lifecycle cares. Codes and texts stay in the data. */
export type EndCause =
  /** closed because we were asked to; on record only, as `timeout` and `dead` are */
  | 'closed'
  /** lost, refused or failed in a way that a later attempt may cure */
  | 'lost'
  /** a function of the host took longer than its deadline; to the machines it is `lost` */
  | 'timeout'
  /** alive once past its hello, then silent through every probe; to the machines it is `lost` */
  | 'dead'
  /** open without a hello of its own, and silent through every probe from then on */
  | 'mute'
  /** the peer says it restarts itself (1012, or a shutdown event with an expected return) */
  | 'restart'
  /** the peer says: not yet (1013, starting up, rate limited); a floor may come with it */
  | 'wait'
  /** try again at once on a fresh socket, with another form of the same credentials */
  | 'again'
  /** the credentials are wrong or missing; only somebody outside can change that */
  | 'credentials'
  /** the peer waits for a person to approve this device */
  | 'pairing'
  /** the two sides speak different protocols */
  | 'protocol'
  /** our own identity cannot be read: fail closed, never make a new one */
  | 'identity'
  /** the host's `authorize` said no, threw or stayed silent */
  | 'unauthorised';

/** Why a link waits for somebody outside. */
export type PauseReason = 'credentials' | 'pairing';

/** Why a link gave up. */
export type LinkFailure = 'exhausted' | 'protocol' | 'identity' | 'unauthorised';

/** What an exit means for the next start. */
export type ExitClass =
  /** exit code 0 that nobody asked for */
  | 'clean'
  /** any other end that nobody asked for */
  | 'crash'
  /** says its configuration is wrong (78 by default): starting again changes nothing */
  | 'configuration'
  /** says it can never run here */
  | 'runtime'
  /** ended because we stopped it */
  | 'stopped';

/** Why a service gave up; `occupied`: somebody else is there, and it is not ours to end. */
export type ServiceFailure = 'exhausted' | 'configuration' | 'runtime' | 'plan' | 'occupied';

// heartbeat -------------------------------------------------------------------------------------

/**
 * `probe`: silence of `silenceMs` leads to `probes` active probes in a row, then the verdict.
 * `misses`: a ping every `everyMs`; `missesMax` unanswered ones in a row are the verdict.
 * `observe`: pings as `misses` does, but never gives a verdict. `off`: asks nothing.
 */
export type HeartbeatMode = 'probe' | 'misses' | 'observe' | 'off';
export type HeartbeatPolicy = {
  mode: HeartbeatMode;
  everyMs: number;
  silenceMs: number;
  waitMs: number;
  probeMs: number;
  probes: 1 | 2;
  missesMax: number;
};
/** `heard`: the peer has answered our hello, so it lived a moment ago */
export type HeartbeatInput = { gen: Generation; heard: boolean; policy: HeartbeatPolicy };
export type HeartbeatHint = HostResumed;
/** `dead`: gave signs of life before; `mute`: never gave one since it is open */
export type HeartbeatReport = { type: 'heartbeat.dead' } | { type: 'heartbeat.mute' };

/** Leaf: knows when the peer was last heard and how to ask it for a sign of life. */
export type PulseInput = { gen: Generation; silenceMs: number };
export type PulseCommand =
  /** was there life within the silence window? answered at once */
  | { type: 'pulse.check' }
  /** ask the peer; `pulse.alive` when it, or anything else, is heard, however late */
  | { type: 'pulse.ping' };
export type PulseReport =
  /** heard `idleMs` ago (0 when the peer has just answered) */
  | { type: 'pulse.alive'; idleMs: number }
  /** not within the window; `heard`: before it, since the connection is open */
  | { type: 'pulse.silent'; heard: boolean };

// connection ------------------------------------------------------------------------------------

export type ConnectionPolicy = {
  lookupMs: number;
  openMs: number;
  challengeMs: number;
  credentialsMs: number;
  helloMs: number;
  closeMs: number;
  heartbeat: HeartbeatPolicy;
};
export type ConnectionInput = { gen: Generation; attempt: number; policy: ConnectionPolicy };
export type ConnectionOrder =
  /** send our close code, wait at most `closeMs`, then reset */
  { type: 'connection.close' };
export type ConnectionHint = HostResumed;
export type ConnectionReport =
  | { type: 'connection.opened' }
  | { type: 'connection.ended'; cause: EndCause; floorMs: number };

/** Leaf: asks the host whether and where to connect (`authorize`, then `url`). */
export type LookupInput = { gen: Generation; attempt: number };
export type LookupReport =
  /** the host agrees, or has no say: its `url` is asked now */
  | { type: 'lookup.authorised' }
  | { type: 'lookup.found' }
  | { type: 'lookup.failed'; cause: EndCause };

/** Leaf: asks the host for credentials, once per attempt. */
export type CredentialsInput = { gen: Generation; attempt: number };
export type CredentialsReport =
  | { type: 'credentials.ready' }
  | { type: 'credentials.failed'; cause: EndCause };

/** Leaf: one socket and the protocol session on it. Reset in its cleanup, whatever its state. */
export type SocketInput = { gen: Generation; attempt: number };
export type SocketCommand =
  /** send the application's hello with the credentials at hand */
  | { type: 'socket.hello' }
  /** release the frames held since the hello was answered */
  | { type: 'socket.deliver' }
  /** send a close frame; `why` becomes the code */
  | { type: 'socket.close'; why: 'closed' | 'refused' | 'timeout' };
export type SocketReport =
  | { type: 'socket.opened' }
  | { type: 'socket.challenged' }
  /** the application handshake is done; `silenceMs` when the peer states its own rhythm, else 0 */
  | { type: 'socket.accepted'; silenceMs: number }
  | { type: 'socket.refused'; cause: EndCause; floorMs: number }
  /** the peer announces its end; `expected` when it says it will be back */
  | { type: 'socket.leaving'; expected: boolean }
  | { type: 'socket.closed'; cause: EndCause; floorMs: number };

// reconnect -------------------------------------------------------------------------------------

export type BackoffPolicy = { firstMs: number; maxMs: number; factor: number; jitter: number };
export type ReconnectPolicy = {
  backoff: BackoffPolicy;
  /** `null`: for ever */
  attemptsMax: number | null;
  stableMs: number;
  pairingMs: number;
  /** for so long after an announced restart no wait is planned beyond `maxMs` */
  returning: { forMs: number; maxMs: number };
  connection: ConnectionPolicy;
};
/** `luck` seeds the jitter: a number in [0, 1) */
export type ReconnectInput = { gen: Generation; luck: number; policy: ReconnectPolicy };
export type LinkOrder =
  /** connect and stay connected; respects a floor that the same peer has set */
  | { type: 'link.dial' }
  /** as dial, to another target: nothing learnt from the older one counts */
  | { type: 'link.retarget' }
  /** close politely and rest */
  | { type: 'link.rest' }
  /** reset at once and rest */
  | { type: 'link.drop' };
export type LinkHint =
  /** skip what of the wait lies above the floor */
  | { type: 'link.nudge' }
  /** leave `paused` */
  | { type: 'link.resume' }
  | HostResumed;
export type LinkReport =
  | { type: 'link.opened' }
  | { type: 'link.lost'; cause: EndCause }
  | { type: 'link.unreachable'; cause: EndCause }
  | { type: 'link.paused'; why: PauseReason }
  | { type: 'link.failed'; why: LinkFailure }
  | { type: 'link.rested' };

// process ---------------------------------------------------------------------------------------

export type StopLadder = {
  /** from being asked to end in its own way to the terminate signal; 0: not asked */
  drainMs: number;
  /** from the terminate signal to the kill */
  graceMs: number;
  /** from the kill to the finding that it did not help */
  killMs: number;
};
export type ProcessPolicy = { spawnMs: number; stop: StopLadder };
export type ProcessInput = { gen: Generation; policy: ProcessPolicy };
export type ProcessOrder = { type: 'process.stop' } | { type: 'process.kill' };
export type ProcessHint = HostResumed;
export type ProcessReport =
  | { type: 'process.alive' }
  /** `class`: how it ended by itself; null when it never ran, or ended because we stopped it */
  | { type: 'process.gone'; class: ExitClass | null }
  | { type: 'process.unkillable' };

/** Leaf: asks a process to end in its own way, as the host chose; only an exit proves it did. */
export type DrainInput = { gen: Generation };
export type DrainReport =
  | { type: 'drain.asked' }
  /** it was not asked, or said no */
  | { type: 'drain.failed' };

/** Leaf: the only thing that may signal a pid. Kills the whole group in its cleanup. */
export type OsProcessInput = { gen: Generation };
export type OsProcessCommand = { type: 'os.terminate' } | { type: 'os.kill' };
export type OsProcessReport =
  | { type: 'os.spawned' }
  /** the spawn itself failed: there is no process */
  | { type: 'os.failed' }
  /** the process we spawned is gone; others of its group may live */
  | { type: 'os.exited' }
  /**
   * nothing of its group and no carrier of its mark is left, and all that it wrote has been read;
   * `class`: how it ended, if it did so by itself
   */
  | { type: 'os.empty'; class: ExitClass };

// supervisor ------------------------------------------------------------------------------------

export type SupervisorPolicy = {
  /** for one look at what an earlier host has left, or at who was attached to */
  lookMs: number;
  /** how long somebody else may hold the port before it is given up */
  portMs: number;
  planMs: number;
  /** for the whole proof of readiness */
  readyMs: number;
  /** for one question, and the pause before the next, of readiness and of the port */
  askMs: number;
  pollMs: number;
  stableMs: number;
  /** for the command that mends a configuration, from its spawn to its kill */
  repairMs: number;
  backoff: BackoffPolicy;
  /** for asking somebody else's process to end, when the host wants that; 0: it is not asked */
  drainMs: number;
  /** for the whole of a reload, and how long the process must outlive it */
  reloadMs: number;
  watchMs: number;
  /** restarts allowed inside a sliding window */
  budget: { of: number; windowMs: number };
  /** starts in a row that may fail before the first one gets ready */
  startsMax: number;
  process: ProcessPolicy;
};
export type SupervisorInput = { gen: Generation; luck: number; policy: SupervisorPolicy };
export type ServiceOrder =
  /** be ready; answered `service.ready` or `service.failed` */
  | { type: 'service.raise' }
  /** let nothing live; answered `service.rested` or `service.unkillable` */
  | { type: 'service.fall' }
  /** replace the process; answered `service.launching`, then as raise */
  | { type: 'service.cycle' }
  /**
   * have the ready process read its configuration anew; answered `service.reloaded` or
   * `service.unreloaded`, or by what is true instead: down, failed, attached, unkillable
   */
  | { type: 'service.reload' }
  /** it runs and does not serve: kill it, and start again as after a crash, within the budget */
  | { type: 'service.recover' }
  /** as fall, at once and without grace */
  | { type: 'service.kill' };
export type ServiceHint =
  | { type: 'service.nudge' }
  /** who was attached to does not answer the link: is it still there? */
  | { type: 'service.look' }
  | HostResumed;
export type ServiceReport =
  /** the launch plan is about to be read: whatever was asked before this moment is in it */
  | { type: 'service.launching' }
  | { type: 'service.ready' }
  /** as ready, but the process is somebody else's: it is never stopped and never replaced */
  | { type: 'service.attached' }
  /** was ready, is gone; the supervisor starts it again by itself */
  | { type: 'service.down' }
  /** what was asked for before the order is applied, or need not be */
  | { type: 'service.reloaded' }
  /** it is not applied; only another process will have read it */
  | { type: 'service.unreloaded' }
  | { type: 'service.failed'; why: ServiceFailure }
  | { type: 'service.rested' }
  | { type: 'service.unkillable' };

/** Leaf: reads the custody record: what has an earlier host, that is gone, left running? */
export type CustodyInput = { gen: Generation };
export type CustodyReport =
  | { type: 'custody.none' }
  /** a process that is proved to be ours and had been ready: it is adopted */
  | { type: 'custody.ours' }
  /** a process that is proved to be ours, and is not to be adopted: it is ended first */
  | { type: 'custody.leftover' }
  /** another living host has it, or the record cannot be read: nothing is started */
  | { type: 'custody.refused' };

/** Leaf: looks who listens on the port. */
export type PortInput = { gen: Generation };
export type PortReport =
  | { type: 'port.free' }
  /** somebody else's process, proved to be the service, that may be attached to */
  | { type: 'port.serving' }
  /** somebody else's process that the host said is to be ended */
  | { type: 'port.condemned' }
  /** somebody else: asked again after `pollMs`, until `portMs` is over */
  | { type: 'port.taken' };

/**
 * Leaf: asks the host for the launch plan and runs `beforeSpawn`; or for the command that mends
 * a configuration, which fails when there is none.
 */
export type PlanInput = { gen: Generation; attempt: number; task: 'serve' | 'repair' };
export type PlanReport = { type: 'plan.ready' } | { type: 'plan.failed'; fatal: boolean };

/** Leaf: proves that the process serves (line, HTTP, protocol or probe). */
/** `again`: after a reload of a process that had proved it before */
export type ReadinessInput = { gen: Generation; again: boolean };
export type ReadinessReport =
  | { type: 'readiness.proved' }
  /** not yet: asked again after `pollMs` */
  | { type: 'readiness.unproved' };

/** Leaf: has the process read its configuration anew, in the way that the host chose. */
export type ReloadInput = { gen: Generation };
export type ReloadReport =
  /** the process says that it did */
  | { type: 'reload.done' }
  /** there is nothing to do, or nothing that the host wants to be done */
  | { type: 'reload.kept' }
  | { type: 'reload.failed' };

// gateway ---------------------------------------------------------------------------------------

export type GatewayPolicy = {
  /** how long an unclean loss waits for the exit that may explain it */
  verdictMs: number;
  /** how long an announced restart may take before it is an ordinary loss */
  expectMs: number;
  /** how long an owned process may be ready and yet refuse every connection */
  serveMs: number;
  /** the service is asked to end over the link, which stays open for that */
  drains: boolean;
  cooldownMs: number;
};
export type GatewayInput = {
  luck: number;
  policy: GatewayPolicy;
  service: SupervisorPolicy | null;
  link: ReconnectPolicy | null;
};
/** The whole alphabet of the outside world. */
export type GatewayCommand =
  | { type: 'start' }
  /** `withinMs` 0: as patient as the ladder; else what is left then is killed */
  | { type: 'stop'; withinMs: number }
  /** `later` when its deadline lies behind the one already waiting */
  | { type: 'restart'; by: 'user' | 'host' | 'liveness'; settleMs: number; later: boolean }
  /** as a restart, but a reload of the process is enough */
  | { type: 'reload'; settleMs: number; later: boolean }
  | { type: 'retarget' }
  | { type: 'retry' }
  | { type: 'resume' }
  | { type: 'dispose' }
  | { type: 'quit'; withinMs: number }
  | HostResumed;
