import { createHash, X509Certificate } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIPv6, type BlockList, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { tellValue } from '../../errors/refusal.js';
import { readHeaderLines } from './header-lines.js';
import { createBlockList, type MutualTlsOptions } from './proof-options.js';

/**
 * Matches PEM certificates and nothing else. OpenSSL reads only the first certificate. If proxies joined two headers,
 * the first one may come from anyone. In a chain the client's own certificate is first (RFC 8446 section 4.4.2).
 */
const PEM = /^(?:-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/;

/** The parts of a Node request that contain the client's certificate. */
export interface CertificateSource {
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly socket: Socket;
}

/**
 * Finds the certificate that a client authenticated its connection with. The connection proves possession of the key.
 * The TLS server decides which certificate authorities it accepts, and may accept any (RFC 8705 section 2.2).
 */
export class ClientCertificates {
  readonly #header: string | undefined;
  readonly #proxies: BlockList;

  constructor({ certificate }: MutualTlsOptions) {
    this.#header = certificate === 'socket' ? undefined : certificate.header.toLowerCase();
    this.#proxies = createBlockList(certificate === 'socket' ? [] : certificate.proxies);
  }

  /** `x5t#S256` of the certificate (RFC 8705 section 3.1). `undefined` without a trustworthy certificate. */
  computeThumbprint(request: CertificateSource): string | undefined {
    const certificate =
      this.#header === undefined ? readSocket(request.socket) : this.#readHeader(this.#header, request);
    return certificate && createHash('sha256').update(certificate).digest('base64url');
  }

  /** Where a certificate was looked for, and what was there, for operators. */
  describeSource({ socket, rawHeaders }: CertificateSource): string {
    const name = this.#header;
    if (name === undefined) return 'the socket has no certificate';
    if (!this.#isProxy(socket.remoteAddress))
      return `the request came from ${tellValue(socket.remoteAddress)}, which is none of the proxies`;
    const { length: count } = readHeaderLines(rawHeaders, name);
    return count === 1
      ? `the header ${name} holds no certificate that can be read`
      : `there are ${count} headers ${name}, and wanted is one`;
  }

  #readHeader(name: string, { socket, headers, rawHeaders }: CertificateSource): Buffer | undefined {
    if (!this.#isProxy(socket.remoteAddress)) return undefined;
    const { length: count } = readHeaderLines(rawHeaders, name);
    const value = headers[name];
    return count === 1 && typeof value === 'string' ? parseCertificate(value) : undefined;
  }

  /** The block list matches `::ffff:10.0.0.1` as `10.0.0.1`. */
  #isProxy(address: string | undefined): boolean {
    return address !== undefined && this.#proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }
}

function readSocket(socket: Socket & Partial<Pick<TLSSocket, 'getPeerCertificate'>>): Buffer | undefined {
  // Node returns an empty object if the client sent no certificate, and null after the connection closed.
  const certificate = socket.getPeerCertificate?.() as { raw?: Buffer } | null | undefined;
  return certificate?.raw;
}

/** Accepts RFC 9440 section 2.1 (`:base64:`), URL-encoded PEM as nginx and AWS send it, or bare base64. */
function parseCertificate(value: string): Buffer | undefined {
  try {
    const text = value.includes('%') ? decodeURIComponent(value) : value;
    const der = /^(:?)([A-Za-z0-9+/]+={0,2})\1$/.exec(text)?.[2];
    if (der === undefined && !PEM.test(text)) return undefined;
    return new X509Certificate(der === undefined ? text : Buffer.from(der, 'base64')).raw;
  } catch {
    return undefined;
  }
}
