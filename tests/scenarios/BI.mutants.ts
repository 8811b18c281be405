/** A wrong line for each scenario of BI.test.ts. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['BI-01'],
    file: 'src/runtime/wire.ts',
    find: 'this.#heard();\n        this.#frameBytes',
    instead: 'this.#frameBytes',
  },
  {
    ids: ['BI-02'],
    file: 'src/runtime/link-leaves.ts',
    find: 'maxPayloadBytes: link.messageBytes,',
    instead: 'maxPayloadBytes: Number.MAX_SAFE_INTEGER,',
  },
  {
    ids: ['BI-03'],
    file: 'src/protocols/jsonrpc.ts',
    find: "Object.hasOwn(frame, 'result') ? frame.result : frame",
    instead: 'frame.result',
  },
  {
    ids: ['BI-05'],
    file: 'src/runtime/defaults.ts',
    find: '!(given >= rule.min && given <= rule.max)',
    instead: 'given > rule.max',
  },
  {
    ids: ['BI-06'],
    file: 'src/protocols/openclaw/session.ts',
    find: '  } catch {\n    return null;',
    instead: '  } catch (error) {\n    throw error;',
  },
  {
    ids: ['BI-07'],
    file: 'src/runtime/settings.ts',
    find: 'Number(value) > 0 && Number(value) < 65_536',
    instead: 'Number(value) < 65_536',
  },
  {
    ids: ['BI-08'],
    file: 'machines/gateway.ts',
    find: "dispose: 'disposed',\n            quit: 'disposed',",
    instead: `dispose: 'disposed',
            quit: 'disposed',
            retry: { target: 'wanted.raising', actions: 'raiseService' },`,
  },
  {
    ids: ['BI-10'],
    file: 'src/drivers/lines.ts',
    find: 'take(chunk.subarray(from));',
    instead: 'take(Buffer.from(Buffer.from(chunk.subarray(from)).toString()));',
  },
];
