/**
 * The model checker's kernel: explores the machines that ship, in a world you describe, and shows
 * a shortest trace to the first broken promise. It never runs a real actor, timer or socket
 * (`conformance` does, with fakes), and it never drops anything silently: what a bound cut off is
 * in `cut` and `overflow`.
 *
 *     const world: World = {
 *       roles: [
 *         { name: 'gateway', machine: gateway },
 *         { name: 'reconnect', machine: reconnect, ctxKey: ({ attempt }: Ctx) => attempt > 0 },
 *         { name: 'socket', leaf: {
 *             initial: 'connecting',             // or (input) => state
 *             emits: { connecting: [{ report: { type: 'socket.opened' }, next: 'open' }] },
 *             receives: { open: { 'socket.close': 'closing' } },
 *             live: (state) => state !== 'closed',
 *         } },
 *         { name: 'absent', leaf: { initial: 'idle', echoesOrders: true,
 *             receives: { idle: { 'service.raise': 'raised' } },
 *             emits: { raised: [{ report: { type: 'service.ready' }, next: 'idle' }] },
 *         } },
 *       ],
 *       root: 'gateway',
 *       input: { luck: 0.5, policy },
 *       user: [{ event: { type: 'start' } }, { event: { type: 'retarget' }, max: 1 }],
 *     };
 *     const promises: Promises = {
 *       always: { 'one-socket': (view) => view.liveLeaves > 1 ? 'two live leaves' : undefined },
 *       atRest: { 'rest-is-empty': (view) =>
 *         view.at('gateway')?.matches('resting') && view.liveLeaves + view.armedTimers > 0
 *           ? 'something is left' : undefined },
 *       goals: { 'rest-is-near': { holds: (view) => view.at('gateway')!.matches('resting') } },
 *     };
 *     const result = explore(world, { delivery: 'async', inFlight: 2, promises });
 *     const queued = explore(world, { delivery: 'rtc', posts: 2, promises });
 *     if (result.violation) console.log(formatTrace(result.violation));
 *     const agreed = conformance(world, { seed: 1, steps: 20_000 });   // agreed.difference?
 *     const lively = liveness(world, { delivery: 'async', goal: { id: 'runs', holds } });
 *     if (lively.violation) console.log(formatLasso(lively.violation));
 *
 * Always checked, without being asked (the name is `violation.guarantee`): `stale-is-inert`,
 * `nothing-throws`, `never-final`, `no-inner-event`, `one-instance`, `timer-discipline`,
 * `missing-child`, `one-report`, `generations`, `pure`, `not-abandoned`, `silent-once-stopped`,
 * `modelled` (an action or an idiom that the kernel does not know). A parent's slot name is the
 * child's id; the type of a report is `from.<that id>`, unless its sender serves no generation.
 *
 *     const made = retrace(world, { delivery: 'async', inFlight: 2, promises, moves });
 */
export { type Conformance, type ConformanceOptions, conformance } from './conformance.ts';
export { explore } from './explore.ts';
export { liveness } from './liveness.ts';
export { type Reach, type Reached, reached } from './reached.ts';
export { type Recording, type Retrace, retrace } from './retrace.ts';
export { formatSequence } from './sequence.ts';
export { type Tour, type TourOptions, tour } from './tour.ts';
export { formatLasso, formatResult, formatTrace } from './trace.ts';
export { type Witness, witness } from './witness.ts';
export type * from './world.ts';
