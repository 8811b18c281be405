/** A wrong line for each scenario of RP.test.ts. */
import type { Mutant } from './mutants.ts';

const requests = 'src/runtime/requests.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['RP-01'],
    file: requests,
    find: 'if (channel === null) return Promise.reject(notConnected(method));',
    instead: 'if (channel === null) return new Promise(() => {});',
  },
  {
    ids: ['RP-18'],
    file: requests,
    find: 'this.#history.lost = entries.length;',
    instead: 'this.#history.consecutiveFailures += entries.length;',
  },
  {
    ids: ['RP-02'],
    file: requests,
    find: 'const entry = this.#entries.get(inbound.id);',
    instead: 'const entry = [...this.#entries.values()][0];',
  },
  {
    ids: ['RP-07'],
    file: requests,
    find: 'entry.forget();\n    // any answer',
    instead: '// any answer',
  },
  {
    ids: ['RP-08'],
    file: requests,
    find: 'if (inbound.ok) entry.resolve(inbound.payload);',
    instead: `if (!inbound.ok) this.#history.consecutiveFailures += 1;
    if (inbound.ok) entry.resolve(inbound.payload);`,
  },
  {
    ids: ['RP-03'],
    file: requests,
    find: '{ timeoutMs = 30_000, signal }',
    instead: '{ timeoutMs = 60_000, signal }',
  },
  {
    ids: ['RP-04'],
    file: requests,
    find: 'entry.forget();\n    entry.reject(error);',
    instead: 'entry.reject(error);',
  },
  {
    ids: ['RP-09'],
    file: requests,
    find: 'this.#history.lastFailureMethod = entry.method;',
    instead: '',
  },
  {
    ids: ['RP-05'],
    file: requests,
    find: '} catch (error) {\n        this.#fail(id, unsent(method, error));',
    instead: '} catch (error) {\n        reject(unsent(method, error));',
  },
  {
    ids: ['RP-15'],
    file: requests,
    find: 'entry.forget();\n      entry.reject(ended(entry, why));',
    instead: 'this.#entries.clear();\n      entry.reject(ended(entry, why));',
  },
  {
    ids: ['RP-16'],
    file: 'src/protocols/openclaw/session.ts',
    find: "if (frame.kind !== 'answer' || frame.id !== this.#connect?.id) return;",
    instead: "if (frame.kind !== 'answer') return;",
  },
];
