import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { TlsClientAuth, type ClientAuth } from 'oauth4webapi';
import { Agent } from 'undici';
import { badCredentials, type ClientAuthentication } from './client-authentication.js';
import { CredentialFile } from './credential-file.js';

/** The client's certificate and key, as PEM or as files of it, which are read again once they change. */
export interface MutualTlsClientOptions {
  certificate: string | { file: string };
  key: string | { file: string };
  /** Certificates to trust the authorization server by, as PEM, in the place of Node's own. */
  ca?: string | { file: string };
  /** Of the key, where it is encrypted. */
  passphrase?: string;
}

/**
 * Mutual TLS: `tls_client_auth` or `self_signed_tls_client_auth`, as the client is registered (RFC 8705 section 2). The
 * endpoints are those of `mtls_endpoint_aliases` where the metadata has them.
 *
 * @throws {@link McpAuthConfigurationError} if the certificate or the key cannot be read, or one is not of the other
 */
export function mutualTls({ certificate, key, ca, passphrase }: MutualTlsClientOptions): ClientAuthentication {
  const sources = [textsOf(certificate), textsOf(key), ca === undefined ? undefined : textsOf(ca)] as const;
  const read = () => sources.map((source) => source?.latest);
  let known = connection(read(), passphrase);
  const current = () => {
    const texts = read();
    if (texts.join('\0') !== known.texts.join('\0')) known = connection(texts, passphrase);
    return known;
  };
  const refreshed = async () => {
    for (const source of sources) await source?.current();
    return current();
  };
  const authenticate: ClientAuth = async (...request) => {
    await refreshed();
    await TlsClientAuth()(...request);
  };
  return Object.assign(authenticate, {
    method: 'tls_client_auth',
    dispatcher: () => current().agent,
    version: async () => (await refreshed()).version,
  });
}

interface TextSource {
  readonly latest: string;
  current(): string | Promise<string>;
}

function textsOf(source: string | { file: string }): TextSource {
  return typeof source === 'string'
    ? { latest: source, current: () => source }
    : new CredentialFile(source.file, (text) => text);
}

function connection(texts: readonly (string | undefined)[], passphrase: string | undefined) {
  const [cert, key, ca] = texts;
  const secrets = { cert, key, ...(ca !== undefined && { ca }), ...(passphrase !== undefined && { passphrase }) };
  try {
    createSecureContext(secrets);
    const version = new X509Certificate(cert ?? '').fingerprint256;
    return { texts, version, agent: new Agent({ connect: secrets as { cert: string; key: string } }) };
  } catch {
    // The cause may quote the key.
    throw badCredentials(
      'has a certificate and a key that cannot be used together. Give both as PEM, one of the other',
    );
  }
}
