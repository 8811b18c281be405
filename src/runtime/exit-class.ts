/**
 * What an exit means that nobody asked for. Promises the code first, then whoever knows the words
 * of this service, then a crash; a function of the host that fails is told of and changes nothing.
 */
import type { ExitClass } from '../../machines/index.ts';
import type { ClassifyExit } from '../ports.ts';
import { invalid } from './defaults.ts';
import { isolated } from './dispatcher.ts';
import type { ExitRecord } from './facts.ts';
import { type Host, messageOf } from './host.ts';

/** What may be said of it; only a crash and a clean end are tried again by themselves. */
export const exitClasses = ['clean', 'crash', 'configuration', 'runtime'] as const;

export function classify(
  host: Host,
  { code, signal }: Pick<ExitRecord, 'code' | 'signal'>,
): ExitClass {
  const { process, linkOptions } = host.settings;
  const known = code === null ? undefined : process?.exitClasses[code];
  if (known !== undefined) return known;
  if (code === 0 && signal === null) return 'clean';
  const lines = host.output.lines.map(({ text }) => text);
  const { spawned, ready } = host.facts.moments;
  const wasReady = spawned !== null && ready !== null && ready >= spawned;
  const asked = { code, signal, lines, wasReady };
  const told = (option: string, ask: ClassifyExit | undefined) =>
    ask && isolatedAnswer(host, option, () => ask(asked));
  return (
    told('process.classifyExit', process?.classifyExit) ??
    told('link.protocol.classifyExit', linkOptions?.protocol.classifyExit) ??
    'crash'
  );
}

function isolatedAnswer(host: Host, option: string, ask: () => unknown): ExitClass | undefined {
  let answer: ExitClass | undefined;
  isolated(
    () => {
      const told = ask();
      answer = exitClasses.find((name) => name === told);
      if (told !== undefined && answer === undefined)
        throw invalid(option, `must answer ${exitClasses.join(', ')} or nothing`, told);
    },
    (error) => host.diagnose('error', 'HF_USER_FUNCTION', `${option} failed: ${messageOf(error)}`),
  );
  return answer;
}
