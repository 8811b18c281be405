/** Dispose in each phase, raced by whatever happens in the same turn, in either order. */
import { disposedOnce } from './disposals.ts';
import { keepHouse } from './house.ts';

keepHouse();

disposedOnce(['before', 'after']);
