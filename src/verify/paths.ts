/**
 * How the paths of actors are ordered and shortened wherever a story of them is told, and what a
 * timer is called there. It must never give two actors one name.
 */

/** Parents before their children. */
export function byTree(one: string, other: string): number {
  const [a, b] = [one.split('/'), other.split('/')];
  const apart = a.findIndex((name, i) => name !== b[i]);
  if (apart < 0) return a.length - b.length;
  return (a[apart] ?? '') < (b[apart] ?? '') ? -1 : 1;
}

/** The last name of a path, with as much before it as keeps it apart from the others. */
export function shortName(path: string, all: readonly string[]): string {
  const names = path.split('/');
  const own = (length: number) => names.slice(-length).join('/');
  const length = names.findIndex((_, i) => {
    const twins = all.filter((other) => `/${other}`.endsWith(`/${own(i + 1)}`));
    return twins.length === 1;
  });
  return length < 0 ? path : own(length + 1);
}

/** `xstate.after.hello.connection.linked` is known to people as `hello`. */
export const timerName = (id: string): string => /^xstate\.after\.([^.]+)\./.exec(id)?.[1] ?? id;
