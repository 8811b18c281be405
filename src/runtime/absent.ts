/**
 * The half that is not there. Promises to answer at once that it is ready, or that it rests, so
 * that `connect` and `supervise` are the same machine as `createGateway`. It must never hold
 * anything.
 */
import type { LinkOrder, LinkReport, ServiceOrder, ServiceReport } from '../../machines/index.ts';
import { type LeafHost, leaf } from './leaf.ts';

export const absentService = (host: LeafHost) =>
  leaf<{ gen: number }, ServiceOrder, ServiceReport>('service', host, (_input, post) => ({
    command({ type }) {
      if (type === 'service.raise' || type === 'service.cycle') {
        post({ type: 'service.ready', owned: false });
      }
      if (type === 'service.fall' || type === 'service.kill') post({ type: 'service.rested' });
    },
    release() {},
  }));

export const absentLink = (host: LeafHost) =>
  leaf<{ gen: number }, LinkOrder, LinkReport>('link', host, (_input, post) => ({
    command({ type }) {
      if (type === 'link.dial' || type === 'link.retarget') post({ type: 'link.opened' });
      if (type === 'link.rest' || type === 'link.drop') post({ type: 'link.rested' });
    },
    release() {},
  }));
