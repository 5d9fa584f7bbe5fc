import { problemOfUrl } from '../../options/option-rules.js';
import type { ForeignAuthorizationServer } from './dialect.js';

/** What is wrong with the `authorizationServer` of a dialect and how to mend it, a sentence each. */
export function problemsOfForeignServer(server: ForeignAuthorizationServer | undefined): readonly string[] {
  if (!server) return [];
  const { issuer, metadataUrl, client } = server as Partial<ForeignAuthorizationServer>;
  const problem = (option: string, what: string) => `has a dialect whose \`authorizationServer.${option}\` ${what}`;
  const ofIssuer = problemOfUrl(String(issuer));
  const ofMetadata = metadataUrl === undefined ? undefined : problemOfUrl(metadataUrl);
  return [
    ...(ofIssuer === undefined ? [] : [problem('issuer', ofIssuer)]),
    ...(ofMetadata === undefined ? [] : [problem('metadataUrl', ofMetadata)]),
    ...(client?.id
      ? []
      : [problem('client.id', 'is missing. Set it to the id that this server is registered under there')]),
    ...(typeof client?.authentication === 'function'
      ? []
      : [problem('client.authentication', 'is missing. Set it, for example, to `clientSecretBasic(…)`')]),
  ];
}

/** Tells one registration from another in cache keys, and its credentials from those before. */
export async function foreignFingerprint(server: ForeignAuthorizationServer | undefined): Promise<readonly string[]> {
  if (!server) return [];
  const { issuer, client } = server;
  return [issuer, client.id, (await client.authentication.version?.()) ?? ''];
}
