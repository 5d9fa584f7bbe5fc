import { findBackendUrlProblem } from '../../options/option-rules.js';
import type { ForeignAuthorizationServer } from './dialect.js';

/** Finds what is wrong with the `authorizationServer` of a dialect. Each problem is one sentence, with its remedy. */
export function findForeignServerProblems(server: ForeignAuthorizationServer | undefined): readonly string[] {
  if (!server) return [];
  const { issuer, metadataUrl, acceptClearText, client } = server as Partial<ForeignAuthorizationServer>;
  const describeProblem = (option: string, what: string) =>
    `has a dialect whose \`authorizationServer.${option}\` ${what}`;
  const ofIssuer = findBackendUrlProblem(String(issuer), acceptClearText);
  const ofMetadata = metadataUrl === undefined ? undefined : findBackendUrlProblem(metadataUrl, acceptClearText);
  return [
    ...(ofIssuer === undefined ? [] : [describeProblem('issuer', ofIssuer)]),
    ...(ofMetadata === undefined ? [] : [describeProblem('metadataUrl', ofMetadata)]),
    ...(client?.id
      ? []
      : [describeProblem('client.id', 'is missing. Set it to the id that this server is registered under there')]),
    ...(typeof client?.authentication === 'function'
      ? []
      : [describeProblem('client.authentication', 'is missing. Set it, for example, to `clientSecretBasic(…)`')]),
  ];
}

/** Tells registrations apart in cache keys, and new credentials from old ones. */
export async function computeForeignFingerprint(
  server: ForeignAuthorizationServer | undefined,
): Promise<readonly string[]> {
  if (!server) return [];
  const { issuer, metadataUrl = '', client } = server;
  return [issuer, metadataUrl, client.id, (await client.authentication.version?.()) ?? ''];
}
