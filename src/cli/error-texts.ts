/**
 * What each error code and each code of a diagnostic means, and what to do about it; the page
 * docs/errors.md is drawn from here. The types promise that no code is left out; a text must never
 * promise what the code does not do.
 */
import type { ErrorCode } from '../errors.ts';

export interface ErrorText {
  /** where a user meets it */
  from: string;
  cause: string;
  remedy: string;
}

export const errorTexts: Readonly<Record<ErrorCode, ErrorText>> = {
  HF_OPTION_INVALID: {
    from: 'the factories, any verb with arguments, `url` and `plan` at the moment they answer',
    cause: 'An option, an argument or the answer of a function breaks its rule.',
    remedy: 'The message names the option, the rule and the value; `details.option` names it too.',
  },
  HF_DISPOSED: {
    from: 'every verb after `dispose()` or `quit()`, and whoever waited for readiness then',
    cause: 'This system has ended for ever.',
    remedy: 'Make a new one; `stop()` is the verb that can be taken back.',
  },
  HF_STOPPED: {
    from: '`ready()`, `nextReady()`, `request({ waitReadyMs })`',
    cause: 'It is stopped, or was stopped while somebody waited.',
    remedy: 'Call `start()` first.',
  },
  HF_TIMEOUT: {
    from: '`ready()` and `nextReady()` with `timeoutMs`',
    cause: 'It was not running in time. The system goes on trying.',
    remedy: 'The message holds the status line; wait again, or look at what it waits for.',
  },
  HF_ABORTED: {
    from: '`ready()`, `nextReady()`, `request()` with a `signal`',
    cause: 'Your own AbortSignal was aborted.',
    remedy: 'For a request `delivery` says whether the peer may have acted on it.',
  },
  HF_NOT_CONNECTED: {
    from: '`request()`',
    cause: 'There is no connection past its hello; nothing was sent.',
    remedy: 'Await `ready()`, or pass `waitReadyMs`.',
  },
  HF_CONNECTION_LOST: {
    from: '`request()`',
    cause: 'The connection ended before the answer; `details.code` is the close code.',
    remedy:
      'With `delivery` `not-sent` repeat it. With `maybe-executed` repeat it only if twice is ' +
      'harmless, or give an `idempotencyKey`.',
  },
  HF_REQUEST_TIMEOUT: {
    from: '`request()`',
    cause: 'No answer within `timeoutMs`. A late answer is dropped.',
    remedy: 'The peer may have acted on it; raise `timeoutMs` if it is merely slow.',
  },
  HF_REQUEST_FAILED: {
    from: '`request()`',
    cause: 'The peer answered with an error, or the request could not be written.',
    remedy: '`details.server` is what the peer said; without it the message says what failed.',
  },
  HF_QUEUE_FULL: {
    from: '`request()`',
    cause: 'The peer reads too slowly: `link.limits.queueBytes` already wait to be written.',
    remedy: 'Send less, later; nothing of this request was sent.',
  },
  HF_EXHAUSTED: {
    from: '`ready()`, `restart()`, `status.error`',
    cause:
      'The restart budget, the failing starts in a row or `attemptsMax` are used up. ' +
      '`details` holds how the process ended (`exit`), what it wrote last (`lastWords`) and what ' +
      'led there (`transitions`), as those of every failure do.',
    remedy: 'Repair what the message names and call `start()`, which begins with a fresh budget.',
  },
  HF_PROTOCOL_MISMATCH: {
    from: '`ready()`, `status.error`',
    cause: 'The two sides speak different protocols or versions. It is not tried again.',
    remedy: 'Update one side, then call `start()`.',
  },
  HF_CREDENTIALS: {
    from: '`ready()`, `status.error` while paused',
    cause: 'The peer refused the credentials, or there are none.',
    remedy: 'Give others through `retarget({ credentials })` or your function; call `resume()`.',
  },
  HF_PAIRING: {
    from: '`ready()`, `status.error` while paused',
    cause: 'The peer waits for a person to approve this device.',
    remedy: 'Approve it there. It is asked again every `pairingMs`, or at once by `resume()`.',
  },
  HF_IDENTITY_CORRUPT: {
    from: '`ready()`, `status.error`',
    cause: 'The identity or the token store of this device cannot be read.',
    remedy:
      'Restore the file, or remove it to become a new device that has to be paired again. It is ' +
      'never overwritten by itself.',
  },
  HF_UNAUTHORISED: {
    from: '`ready()`, `status.error`',
    cause: '`link.authorize` did not answer `true` in time. No socket was opened.',
    remedy: 'Call `start()` when it would.',
  },
  HF_PLAN_FAILED: {
    from: '`ready()`, `status.error`, diagnostics',
    cause: '`process.plan` or `beforeSpawn` failed, was late, or answered what cannot be run.',
    remedy: 'The message holds what it threw; it is asked again at the next start.',
  },
  HF_OCCUPIED: {
    from: '`ready()`, `status.error`',
    cause:
      'Somebody else is there: a process that is not ours holds `process.port` and gives no ' +
      'proof of being the service, or another living host supervises it. Nothing was started.',
    remedy:
      'End what the message names, or say by `process.foreign` what becomes of it; then `start()`.',
  },
  HF_SPAWN_FAILED: {
    from: 'diagnostics, and inside the message of HF_EXHAUSTED',
    cause: 'The operating system could not start the program.',
    remedy: 'Look at the path, the permissions and the working directory it names.',
  },
  HF_NOT_READY: {
    from: 'diagnostics, and inside the message of HF_EXHAUSTED',
    cause: 'The process runs, and did not prove in time that it serves.',
    remedy: 'Raise `process.readyMs`, or look at what `process.ready` asks.',
  },
  HF_CONFIGURATION: {
    from: '`ready()`, `restart()`, `status.error`',
    cause: 'The process said by its exit code that its configuration is wrong.',
    remedy:
      'Repair the configuration, then call `start()`. See `process.exitClasses` and ' +
      '`process.repair`; `details.repair` says how a repair ended.',
  },
  HF_RUNTIME: {
    from: '`ready()`, `restart()`, `status.error`',
    cause: 'The process said by its exit code that it can never run here.',
    remedy: 'Install what it asks for, then call `start()`. See `process.exitClasses`.',
  },
  HF_UNKILLABLE: {
    from: '`ready()`, `restart()`, `status.error`',
    cause: 'A process outlives SIGKILL: the kernel holds it, in a disk wait for example.',
    remedy: 'Nothing is started beside it. When it is gone call `start()`.',
  },
  HF_CONFIG_CONFLICT: {
    from: '`change()` of `configDelivery`',
    cause: 'Somebody else wrote the configuration, twice in a row. Nothing was overwritten.',
    remedy: 'Call `change()` again when the other writer is done.',
  },
  HF_CONFIG_CORRUPT: {
    from: '`change()` of `configDelivery`',
    cause: 'The configuration cannot be read, or the service calls it invalid. It is left alone.',
    remedy: 'Repair it. A file that is not JSON needs `parse` and `serialise`.',
  },
  HF_CONFIG_FILE: {
    from: '`change()` of `configDelivery`',
    cause:
      'The file cannot be read or replaced: `details.system`, or a link that leaves its folder.',
    remedy: 'Look at the path, its permissions and its folder; a link has to stay in the folder.',
  },
  HF_CONFIG_UNCERTAIN: {
    from: '`change()` of `configDelivery`',
    cause:
      'The answer was lost, and reading again has not shown the change: `details.seen` is ' +
      '`absent`, `hidden` behind redacted values, or `unread`.',
    remedy: 'Call `change()` again: it commits nothing when the change is there after all.',
  },
  HF_USER_FUNCTION: {
    from: 'diagnostics, and inside the message of what it led to',
    cause: 'A function, a listener or a port of the host threw or rejected.',
    remedy: 'The message names the option.',
  },
  HF_INTERNAL: {
    from: 'every verb, `status.error`',
    cause: 'A machine failed, which must not happen. Everything it held was released.',
    remedy: 'Report it with `toJSON()`, whose trace holds the last transitions. Make a new one.',
  },
};

/** Codes that only diagnostics carry: they are told, and nothing fails because of them. */
export const noticeTexts: Readonly<Record<string, string>> = {
  HF_CUSTODY:
    'The custody record could not be written: a host after us would not find the process.',
  HF_FRAME_UNREADABLE: 'A frame that is not of the protocol was dropped.',
  HF_PLAIN_TEXT: 'Our credentials travel unencrypted to another machine; use wss.',
  HF_PROBE_DECLINED: 'The peer does not know the active question; WebSocket pings are used.',
  HF_REQUEST_DECLINED: 'The peer asked us something; this side answers no requests.',
  HF_DRAIN:
    'What a process was asked to make it end, or why it was not: it gets its signal at once.',
  HF_RELOAD: 'A reload did not work, or what its command wrote; a restart follows, or nothing.',
  HF_REPAIR: 'What became of the command that `process.repair` gave.',
  HF_SCOPES_REDUCED: 'The peer granted fewer scopes than were asked for.',
  HF_SEQUENCE_GAP: 'Events of the peer are missing; read the state anew.',
  HF_TOKEN_STORE: 'The device token could not be stored; it is asked for again next time.',
};
