import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { TlsClientAuth, type ClientAuth } from 'oauth4webapi';
import { Agent } from 'undici';
import { CleanLogger } from '../../log/clean-logger.js';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { createCredentialsError, type ClientAuthentication } from './client-authentication.js';
import { CredentialFile } from './credential-file.js';

/** The client's certificate and key, as PEM or as PEM files. Files are read again after they change. */
export interface MutualTlsClientOptions {
  /** The certificate, with its intermediate certificates. */
  certificate: string | { file: string };
  /** The private key of the certificate. */
  key: string | { file: string };
  /** CA certificates for the authorization server, as PEM. They replace Node's own. */
  ca?: string | { file: string };
  /** Passphrase of the key, if it is encrypted. */
  passphrase?: string;
}

const logger = new CleanLogger('ClientCredentials');

/**
 * Mutual TLS: `tls_client_auth` or `self_signed_tls_client_auth`, as the client is registered (RFC 8705 section 2).
 * Endpoints in `mtls_endpoint_aliases` of the metadata take precedence. Files that are rotated one after the other are
 * used once they match.
 *
 * @param options - the certificate and its key
 * @throws {@link McpAuthConfigurationError} if the certificate or the key cannot be read, or they do not match
 */
export function mutualTls({ certificate, key, ca, passphrase }: MutualTlsClientOptions): ClientAuthentication {
  const sources = [
    createSource('certificate', certificate),
    createSource('key', key),
    ...(ca === undefined ? [] : [createSource('ca', ca)]),
  ];
  let known = createConnection(
    sources.map(({ latest }) => latest),
    passphrase,
  );
  let unusable: string | undefined;
  const refresh = async () => {
    const texts = await Promise.all(sources.map(async (source) => await source.load()));
    const id = toId(texts);
    if (id === known.id || id === unusable) return known;
    try {
      known = createConnection(texts, passphrase);
    } catch (error) {
      if (!(error instanceof McpAuthConfigurationError)) throw error;
      unusable = id;
      logger.warn(`${error.problems.join(' ')} The previous ones stay in use`);
    }
    return known;
  };
  const authenticate: ClientAuth = async (...request) => {
    await refresh();
    await TlsClientAuth()(...request);
  };
  return Object.assign(authenticate, {
    method: 'tls_client_auth',
    dispatcher: () => known.agent,
    version: async () => (await refresh()).version,
  });
}

interface TextSource {
  readonly latest: string;
  load(): string | Promise<string>;
}

function createSource(option: keyof MutualTlsClientOptions, source: unknown): TextSource {
  if (typeof source === 'string' && source !== '') return { latest: source, load: () => source };
  const { file } = (source ?? {}) as { file?: unknown };
  if (typeof file === 'string') return new CredentialFile(file, (text) => text);
  // An environment variable that is not set is `undefined` here, despite its type.
  throw createCredentialsError(
    `has a \`${option}\` that is neither text nor \`{ file }\`. Give one of the two, and check the environment variable it comes from`,
  );
}

function createConnection(texts: readonly string[], passphrase: string | undefined) {
  const [cert = '', key = '', ca] = texts;
  // Node would trust no server, and fail only at the first request.
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw createCredentialsError('has a `ca` that has no certificate. Give PEM, or remove it');
  }
  const secrets = { cert, key, ...(ca !== undefined && { ca }), ...(passphrase !== undefined && { passphrase }) };
  try {
    createSecureContext(secrets);
    const version = new X509Certificate(cert).fingerprint256;
    return { id: toId(texts), version, agent: new Agent({ connect: secrets }) };
  } catch {
    // The cause may quote the key.
    throw createCredentialsError(
      'has a certificate and a key that cannot be used together. Give both as PEM, one of the other',
    );
  }
}

function toId(texts: readonly string[]): string {
  return texts.join('\0');
}
