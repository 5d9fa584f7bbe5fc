import { rm } from 'node:fs/promises';

/** Stops what the set-up started, and removes what it made. */
export default async function tearDown() {
  await globalThis.productionKeycloak?.stop();
  if (globalThis.productionFiles) await rm(globalThis.productionFiles, { recursive: true });
}
