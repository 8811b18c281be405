/**
 * A host of its own that supervises what its first argument says (JSON, as for `supervise`), prints
 * the pid of each process that is ready, and lives until it is killed.
 */
import { type ProcessOptions, supervise } from '../../src/index.ts';

const { httpPort, ...options } = JSON.parse(process.argv[2] ?? '{}') as ProcessOptions & {
  httpPort: number;
};
const service = supervise({ ...options, ready: { http: `http://127.0.0.1:${httpPort}/` } });
service.on('ready', ({ process: own }) => process.stdout.write(`${own?.pid}\n`));
await service.start();
setInterval(() => {}, 60_000);
