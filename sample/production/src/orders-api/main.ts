import { createServer } from 'node:http';
import process from 'node:process';
import { createRemoteJWKSet, jwtVerify } from 'jose';

/** An API that stands for yours. It knows nothing of MCP: it takes tokens that Keycloak made for it. */

const { ISSUER = '', AUDIENCE = 'orders-api', PORT = '3001' } = process.env;
const keys = createRemoteJWKSet(new URL(`${ISSUER}/protocol/openid-connect/certs`));

const server = createServer((request, response) => {
  const [, token = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
  jwtVerify(token, keys, { issuer: ISSUER, audience: AUDIENCE }).then(
    ({ payload }) => {
      const id = request.url?.split('/').at(-1);
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ id, owner: payload.sub }));
    },
    () => response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end(),
  );
});
server.listen(Number(PORT));
process.on('SIGTERM', () => server.close());
