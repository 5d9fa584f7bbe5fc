import { createHash, X509Certificate } from 'node:crypto';
import { request, type RequestOptions } from 'node:https';
import { Readable } from 'node:stream';
import { selfSignedCertificate } from '../quickstart/self-signed-certificate.js';

/** A client that shows a certificate of its own in the TLS handshake. */
export class CertificateClient {
  readonly tls = selfSignedCertificate();
  readonly der = new X509Certificate(this.tls.cert).raw;
  readonly thumbprint = createHash('sha256').update(this.der).digest('base64url');

  /** The certificate in base64, without lines around it and in it. */
  get base64(): string {
    return this.der.toString('base64');
  }

  /** `cnf` of tokens that are bound to this client (RFC 8705 section 3.1). */
  get confirmation(): { 'x5t#S256': string } {
    return { 'x5t#S256': this.thumbprint };
  }
}

/** A `fetch` of clients that have a certificate, which the one of Node does not take. */
export function fetchWithCertificate(tls: Pick<RequestOptions, 'key' | 'cert'>): typeof fetch {
  return async (input, { method = 'GET', headers, body } = {}) =>
    await new Promise((resolve, reject) => {
      const options = { method, headers: Object.fromEntries(new Headers(headers)), agent: false, ...tls };
      const sent = request(new URL(input instanceof Request ? input.url : input), {
        ...options,
        rejectUnauthorized: false,
      });
      sent.on('error', reject).on('response', (response) => {
        const answered = new Headers();
        for (const [name, values = []] of Object.entries(response.headersDistinct))
          for (const value of values) answered.append(name, value);
        const status = response.statusCode ?? 0;
        resolve(new Response(Readable.toWeb(response) as ReadableStream, { status, headers: answered }));
      });
      sent.end(body);
    });
}
