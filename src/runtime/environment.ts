/**
 * The environment of a child: the host's own, with the caller's changes, without the traces of
 * the host's own supervisor, which would make a child believe that somebody else restarts it.
 */
/** Set by systemd and launchd for the process they supervise, which is the host, not the child. */
const inherited = [
  'INVOCATION_ID',
  'JOURNAL_STREAM',
  'SYSTEMD_EXEC_PID',
  'NOTIFY_SOCKET',
  'XPC_SERVICE_NAME',
];

export function environment(
  changes: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const merged = { ...process.env, ...changes };
  return Object.fromEntries(
    Object.entries(merged).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined &&
        (entry[0] in changes ||
          !(inherited.includes(entry[0]) || entry[0].startsWith('LAUNCH_JOB_'))),
    ),
  );
}
