/** Stops what the set-up started. */
export default async function tearDown() {
  await Promise.all((globalThis.authorizationServers ?? []).map((server) => server.stop()));
}
