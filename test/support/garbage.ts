import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
/** Runs the garbage collector. */
export const collectGarbage = runInNewContext('gc') as () => void;

/** Whether anything still holds on to an object, besides weak references. */
export async function isHeld(reference: WeakRef<object>): Promise<boolean> {
  // A reference that was made or read in this turn of the event loop keeps its object until the turn is over.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  return reference.deref() !== undefined;
}
