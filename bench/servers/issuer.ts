import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { exportJWK } from 'jose';
import { listen } from './listen.js';

/** An authorization server in this process. */
export interface BenchIssuer {
  readonly issuer: string;
  /** How many tokens it has exchanged. */
  readonly exchanges: number;
  readonly sign: (claims: Readonly<Record<string, unknown>>) => string;
}

export async function startIssuer(): Promise<BenchIssuer> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256', use: 'sig' };
  let exchanges = 0;
  const issuer = await listen((request, response) => {
    const answer = (document: object) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    };
    if (request.url === '/jwks') answer({ keys: [jwk] });
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
  const header = encode({ alg: 'ES256', kid: 'bench', typ: 'at+jwt' });
  return {
    issuer,
    get exchanges() {
      return exchanges;
    },
    sign: (claims) => {
      const iat = Math.floor(Date.now() / 1000);
      const all = { iss: issuer, sub: 'alice', client_id: 'agent', iat, exp: iat + 3600, ...claims };
      const content = `${header}.${encode(all)}`;
      const signature = sign('sha256', Buffer.from(content), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${content}.${signature.toString('base64url')}`;
    },
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** An API that wants a token, in this process. @returns its origin */
export async function startApi(): Promise<string> {
  return await listen((request, response) => {
    const status = request.headers.authorization?.startsWith('Bearer ') ? 200 : 401;
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"id":"7","item":"tea","quantity":1}');
  });
}
