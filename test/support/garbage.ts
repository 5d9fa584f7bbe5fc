import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
/** Runs the garbage collector. */
export const collectGarbage = runInNewContext('gc') as () => void;

/** Turns of the event loop in which what is under way may come to its end. */
const TURNS = 50;

/** Whether anything still holds on to an object, besides weak references, once what is under way has come to its end. */
export async function isHeld(reference: WeakRef<object>): Promise<boolean> {
  for (let turn = 0; turn < TURNS; turn += 1) {
    // A reference that was made or read in this turn of the event loop keeps its object until the turn is over.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    if (reference.deref() === undefined) return false;
  }
  return true;
}
