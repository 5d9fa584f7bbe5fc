import { expect, test } from '@jest/globals';
import { closeServer, listen, originOf } from '../../sample/quickstart/listen.js';
import { explainPortError, portsFrom } from '../../sample/quickstart/ports.js';
import { startQuickstart } from '../../sample/quickstart/quickstart.js';

test('the ports are 3000, 3001 and 3002', () => {
  expect(portsFrom({})).toEqual({ mcpPort: 3000, authPort: 3001, apiPort: 3002 });
});

test('the ports can be set', () => {
  expect(portsFrom({ MCP_PORT: '4000', AUTH_PORT: '0', API_PORT: '' })).toEqual({
    mcpPort: 4000,
    authPort: 0,
    apiPort: 3002,
  });
});

test.each(['http', '-1', '65536', '30.5'])('a port of %s is refused by the name of its variable', (value) => {
  expect(() => portsFrom({ AUTH_PORT: value })).toThrow(`AUTH_PORT must be a port`);
});

test('a port in use is told by the name of its variable, and the servers that were up are closed', async () => {
  const other = await listen(0);
  const ports = { mcpPort: 0, authPort: 0, apiPort: Number(new URL(originOf(other)).port) };

  const error: unknown = await startQuickstart(ports).catch((reason: unknown) => explainPortError(reason, ports));

  expect(error).toMatchObject({ message: `Port ${ports.apiPort} is in use. Set API_PORT to another one.` });
  await closeServer(other);
});
