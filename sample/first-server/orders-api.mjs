// The REST API that you have already, in small. It knows nothing of MCP. Each request needs an access token that Keycloak
// has issued for this API, and for nobody else. Users see their own orders.
//
//     node orders-api.mjs
import { createServer } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const PORT = 3001;
const ISSUER = 'http://localhost:8080/realms/orders';
const AUDIENCE = 'orders-api';

const keys = createRemoteJWKSet(new URL(`${ISSUER}/protocol/openid-connect/certs`));

const orders = new Map([
  ['1001', { id: '1001', item: 'espresso machine', owner: 'alice', status: 'placed' }],
  ['1002', { id: '1002', item: 'coffee beans', owner: 'bob', status: 'placed' }],
]);

createServer(async (request, response) => {
  const answer = (status, body, headers = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(`${JSON.stringify(body)}\n`);
  };
  try {
    const [, token = ''] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
    const { payload } = await jwtVerify(token, keys, { issuer: ISSUER, audience: AUDIENCE });
    const { preferred_username: user, aud, azp, scope } = payload;
    console.log(`${request.method} ${request.url} for ${user}: aud=${aud} azp=${azp} scope=${scope}`);

    const order = orders.get(/^\/orders\/(\w+)$/.exec(request.url)?.[1]);
    if (order?.owner !== user) return answer(404, { message: 'You have no such order.' });
    if (request.method === 'DELETE') order.status = 'cancelled';
    answer(200, order);
  } catch {
    answer(401, { message: 'A token for this API is needed.' }, { 'www-authenticate': 'Bearer' });
  }
}).listen(PORT, '127.0.0.1', () => console.log(`The orders API listens on http://localhost:${PORT}`));
