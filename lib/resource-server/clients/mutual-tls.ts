import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { Logger } from '@nestjs/common';
import { TlsClientAuth, type ClientAuth } from 'oauth4webapi';
import { Agent } from 'undici';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { badCredentials, type ClientAuthentication } from './client-authentication.js';
import { CredentialFile } from './credential-file.js';

/** The client's certificate and key, as PEM or as files of it, which are read again once they change. */
export interface MutualTlsClientOptions {
  /** The certificate, with those between it and its root. */
  certificate: string | { file: string };
  /** The private key of the certificate. */
  key: string | { file: string };
  /** Certificates to trust the authorization server by, as PEM, in the place of Node's own. */
  ca?: string | { file: string };
  /** Passphrase of the key, where it is encrypted. */
  passphrase?: string;
}

const logger = new Logger('ClientCredentials');

/**
 * Mutual TLS: `tls_client_auth` or `self_signed_tls_client_auth`, as the client is registered (RFC 8705 section 2). The
 * endpoints are those of `mtls_endpoint_aliases` where the metadata has them. Files that are rotated one after the other
 * are used once they fit together.
 *
 * @param options - the certificate and its key
 * @throws {@link McpAuthConfigurationError} if the certificate or the key cannot be read, or one is not of the other
 */
export function mutualTls({ certificate, key, ca, passphrase }: MutualTlsClientOptions): ClientAuthentication {
  const sources = [
    sourceOf('certificate', certificate),
    sourceOf('key', key),
    ...(ca === undefined ? [] : [sourceOf('ca', ca)]),
  ];
  let known = connection(
    sources.map(({ latest }) => latest),
    passphrase,
  );
  let unusable: string | undefined;
  const refreshed = async () => {
    const texts = await Promise.all(sources.map(async (source) => await source.current()));
    const id = idOf(texts);
    if (id === known.id || id === unusable) return known;
    try {
      known = connection(texts, passphrase);
    } catch (error) {
      if (!(error instanceof McpAuthConfigurationError)) throw error;
      unusable = id;
      logger.warn(`${error.problems.join(' ')} Those of before are used`);
    }
    return known;
  };
  const authenticate: ClientAuth = async (...request) => {
    await refreshed();
    await TlsClientAuth()(...request);
  };
  return Object.assign(authenticate, {
    method: 'tls_client_auth',
    dispatcher: () => known.agent,
    version: async () => (await refreshed()).version,
  });
}

interface TextSource {
  readonly latest: string;
  current(): string | Promise<string>;
}

function sourceOf(option: keyof MutualTlsClientOptions, source: unknown): TextSource {
  if (typeof source === 'string' && source !== '') return { latest: source, current: () => source };
  const { file } = (source ?? {}) as { file?: unknown };
  if (typeof file === 'string') return new CredentialFile(file, (text) => text);
  // An environment variable that is not set gets here as a string in type alone.
  throw badCredentials(
    `has a \`${option}\` that is neither text nor \`{ file }\`. Give one of the two, and check the environment variable it comes from`,
  );
}

function connection(texts: readonly string[], passphrase: string | undefined) {
  const [cert = '', key = '', ca] = texts;
  // Node would trust nobody at all, and say so at the first request.
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw badCredentials('has a `ca` that has no certificate. Give PEM, or remove it');
  }
  const secrets = { cert, key, ...(ca !== undefined && { ca }), ...(passphrase !== undefined && { passphrase }) };
  try {
    createSecureContext(secrets);
    const version = new X509Certificate(cert).fingerprint256;
    return { id: idOf(texts), version, agent: new Agent({ connect: secrets }) };
  } catch {
    // The cause may quote the key.
    throw badCredentials(
      'has a certificate and a key that cannot be used together. Give both as PEM, one of the other',
    );
  }
}

function idOf(texts: readonly string[]): string {
  return texts.join('\0');
}
