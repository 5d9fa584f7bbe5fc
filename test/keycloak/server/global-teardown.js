/** Stops what the set-up started. */
export default async function tearDown() {
  const { keycloakServers = [], clientDocuments } = globalThis;
  await Promise.all(keycloakServers.map((server) => server.stop()));
  await clientDocuments?.stop();
}
