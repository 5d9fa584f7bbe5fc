import { rm } from 'node:fs/promises';

/** Removes what the set-up installed. */
export default async function tearDown() {
  await rm(globalThis.clientsDirectory, { recursive: true });
}
