/** The drawing code in a page: models in, SVG out, and the layout in a worker. */
import ELK from 'elkjs/lib/elk-api.js';
import { pictureOf } from '../../src/diagram/files.ts';
import type { Level } from '../../src/diagram/level.ts';
import type { DiagramModel } from '../../src/diagram/model.ts';

declare global {
  /** the text of ELK's worker */
  var elkWorker: string;
  var draw: (model: DiagramModel, levels: readonly Level[]) => Promise<string[]>;
}

declare const Worker: new (url: string) => never;

let engine: InstanceType<typeof ELK.default> | undefined;

function elk() {
  const workerFactory = () => {
    const script = new Blob([globalThis.elkWorker], { type: 'text/javascript' });
    return new Worker(URL.createObjectURL(script));
  };
  engine ??= new ELK.default({ workerFactory });
  return engine;
}

globalThis.draw = async (model, levels) => {
  const drawn: string[] = [];
  for (const level of levels) drawn.push(await pictureOf(model, level, elk()));
  return drawn;
};
