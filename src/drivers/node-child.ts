/**
 * What a child gets that runs on the same Node as its host: no debugger that a signal can open.
 * SIGUSR1 makes a Node process without a handler of its own listen for a debugger, which runs
 * whatever it is sent. It must never touch the arguments of a program that may not know the flag:
 * another Node, Electron, or anything else.
 */

/** What of `process` says which Node it is. */
export interface NodeRuntime {
  readonly execPath: string;
  readonly versions: Readonly<NodeJS.Dict<string>>;
  readonly allowedNodeEnvironmentFlags: ReadonlySet<string>;
}

const flag = '--disable-sigusr1';

/** The arguments of `command`, after `--disable-sigusr1` where that is known (Node 22.14, 23.7). */
export function withoutDebugger(
  command: string,
  args: readonly string[],
  node: NodeRuntime = process,
): string[] {
  const knowsIt =
    command === node.execPath &&
    node.versions.electron === undefined &&
    node.allowedNodeEnvironmentFlags.has(flag);
  return knowsIt ? [flag, ...args] : [...args];
}
