import http, { type Server } from 'node:http';
import https from 'node:https';
import { Server as SecureServer } from 'node:tls';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { Finding } from './finding.js';

/** Milliseconds. The server is in this process. */
const TIME_LIMIT = 5_000;

interface Answer {
  readonly status: number;
  readonly challenge: string;
}

const FIX =
  'A guard of the whole application may refuse what is not marked: put its mark on the routes of the module, `endpoint: { decorators: [Public()] }`. See docs/guides/nest.md.';

/**
 * Asks the server for what clients ask first: the RFC 9728 document, and a challenge. A guard of the application may
 * answer in its place.
 *
 * @param server - listens
 * @throws an error if the server cannot be asked
 */
export async function askOwnEndpoint(server: Server, options: ResolvedOptions): Promise<readonly Finding[]> {
  const { endpoint, resource, anonymous } = options;
  const findings: Finding[] = [];
  if (anonymous) return findings;
  const [path = ''] = endpoint.metadataPaths;
  const document = await ask(server, endpoint.host, 'GET', path);
  if (document.status !== 200) {
    findings.push({
      code: 'resource_metadata_unusable',
      severity: 'error',
      subject: path,
      message: `The application answers ${document.status} where clients learn where to get a token.`,
      fix: FIX,
    });
  }
  if (!endpoint.isMounted) return findings;
  const { status, challenge } = await ask(server, endpoint.host, 'POST', endpoint.path || '/');
  if (status === 401 && challenge.includes('resource_metadata=')) return findings;
  findings.push({
    code: 'challenge_missing',
    severity: 'error',
    subject: resource,
    message: `The application answers ${status} to a request without a token, ${challenge === '' ? 'without a challenge' : 'with the challenge of somebody else'}. Clients need the 401 of the module.`,
    fix: FIX,
  });
  return findings;
}

async function ask(server: Server, host: string, method: 'GET' | 'POST', path: string): Promise<Answer> {
  const body = method === 'POST' ? '{}' : undefined;
  const headers = {
    host,
    accept: 'application/json, text/event-stream',
    connection: 'close',
    ...(body !== undefined && { 'content-type': 'application/json', 'content-length': body.length }),
  };
  const isSecure = server instanceof SecureServer;
  // It is this process: there is nobody else whose certificate could be shown.
  const target = { ...readAddress(server), method, path, headers, ...(isSecure && { rejectUnauthorized: false }) };
  return await new Promise((resolve, reject) => {
    const request = (isSecure ? https : http).request(
      { ...target, signal: AbortSignal.timeout(TIME_LIMIT) },
      (response) => {
        response.resume();
        const { statusCode: status = 0, headers: received } = response;
        resolve({ status, challenge: received['www-authenticate'] ?? '' });
      },
    );
    request.once('error', reject).end(body);
  });
}

function readAddress(server: Server): { socketPath: string } | { host: string; port: number } {
  const address = server.address();
  if (address === null) throw new Error('The server does not listen');
  if (typeof address === 'string') return { socketPath: address };
  const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  return { host: everywhere[address.address] ?? address.address, port: address.port };
}
