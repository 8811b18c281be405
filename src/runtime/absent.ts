/**
 * The half that is not there. Promises to answer at once that it is ready, or that it rests, so
 * that `connect` and `supervise` are the same machine as `createGateway`. It must never hold
 * anything.
 */
import type {
  LinkHint,
  LinkOrder,
  LinkReport,
  ServiceHint,
  ServiceOrder,
  ServiceReport,
} from '../../machines/index.ts';
import { type LeafHost, leaf } from './leaf.ts';

/** Orders only: a hint owes no answer, and must not get one. */
const serviceAnswers: Record<ServiceOrder['type'], ServiceReport> = {
  'service.raise': { type: 'service.attached' },
  'service.cycle': { type: 'service.attached' },
  'service.recover': { type: 'service.attached' },
  'service.reload': { type: 'service.attached' },
  'service.fall': { type: 'service.rested' },
  'service.kill': { type: 'service.rested' },
};

const linkAnswers: Record<LinkOrder['type'], LinkReport> = {
  'link.dial': { type: 'link.opened' },
  'link.retarget': { type: 'link.opened' },
  'link.rest': { type: 'link.rested' },
  'link.drop': { type: 'link.rested' },
};

export const absentService = (host: LeafHost) =>
  leaf<{ gen: number }, ServiceOrder | ServiceHint, ServiceReport>('service', host, (_, post) => ({
    command({ type }) {
      if (type in serviceAnswers) post(serviceAnswers[type as ServiceOrder['type']]);
    },
    release() {},
  }));

export const absentLink = (host: LeafHost) =>
  leaf<{ gen: number }, LinkOrder | LinkHint, LinkReport>('link', host, (_, post) => ({
    command({ type }) {
      if (type in linkAnswers) post(linkAnswers[type as LinkOrder['type']]);
    },
    release() {},
  }));
