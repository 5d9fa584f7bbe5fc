import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { exportJWK } from 'jose';
import { ALGORITHMS, createKeys, type Algorithm, type SigningKeys } from '../signatures.js';
import { listen } from './listen.js';
import { makePieces } from './large-body.js';

/** An authorization server in this process. */
export interface BenchIssuer {
  readonly issuer: string;
  /** How many tokens it has exchanged. */
  readonly exchanges: number;
  /** Makes a token. The algorithm defaults to ES256. */
  readonly sign: (claims: Readonly<Record<string, unknown>>, algorithm?: Algorithm) => string;
}

export async function startIssuer(): Promise<BenchIssuer> {
  const pairs = Object.fromEntries(ALGORITHMS.map((alg) => [alg, createKeys(alg)])) as Record<Algorithm, SigningKeys>;
  const keys = await Promise.all(
    ALGORITHMS.map(async (alg) => ({ ...(await exportJWK(pairs[alg].publicKey)), kid: alg, alg, use: 'sig' })),
  );
  let exchanges = 0;
  const issuer = await listen((request, response) => {
    const answer = (document: object) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    };
    if (request.url === '/jwks') answer({ keys });
    else if (request.url !== '/token')
      answer({ issuer, jwks_uri: `${issuer}/jwks`, token_endpoint: `${issuer}/token` });
    else {
      exchanges += 1;
      request.resume().on('end', () => {
        answer({
          access_token: randomBytes(600).toString('base64url'),
          token_type: 'Bearer',
          expires_in: 3600,
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        });
      });
    }
  });
  return {
    issuer,
    get exchanges() {
      return exchanges;
    },
    sign: (claims, algorithm = 'ES256') => {
      const iat = Math.floor(Date.now() / 1000);
      const all = { iss: issuer, sub: 'alice', client_id: 'agent', iat, exp: iat + 3600, ...claims };
      const content = `${encode({ alg: algorithm, kid: algorithm, typ: 'at+jwt' })}.${encode(all)}`;
      const signature = pairs[algorithm].sign(Buffer.from(content));
      return `${content}.${signature.toString('base64url')}`;
    },
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** An API that wants a token, in this process. It takes bodies of any size, and sends them. @returns its origin */
export async function startApi(): Promise<string> {
  return await listen((request, response) => {
    const bytes = /^\/large\?bytes=(\d+)$/.exec(request.url ?? '')?.[1];
    if (bytes !== undefined) {
      Readable.from(makePieces(Number(bytes))).pipe(response);
      return;
    }
    if (request.method === 'POST') {
      request.resume().once('end', () => response.end('{}'));
      return;
    }
    const status = request.headers.authorization?.startsWith('Bearer ') ? 200 : 401;
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"id":"7","item":"tea","quantity":1}');
  });
}
