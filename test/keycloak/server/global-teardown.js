/** Stops what the set-up started. */
export default async function tearDown() {
  await Promise.all((globalThis.keycloakServers ?? []).map((server) => server.stop()));
}
