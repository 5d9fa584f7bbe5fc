import { expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { connectInMemory, McpResourceList, McpResourceTemplate } from 'nestjs-mcp-auth';
import { message } from '../support/mcp-request.js';
import { startProtectedServer } from '../support/protected-server.js';

let onList: () => void;
let finish: () => void;

@Injectable()
class Pages {
  @McpResourceTemplate({ uriTemplate: 'pages://{id}' })
  page() {
    return 'page';
  }
  @McpResourceList({ resourceTemplate: 'pages://{id}' })
  async pages() {
    await new Promise<void>((resolve) => {
      finish = resolve;
      onList();
    });
    return [];
  }
}

test('lists of resources over a connection without HTTP count toward the calls of their caller', async () => {
  const limits = { perCaller: { callsInFlight: 1 } };
  const server = await startProtectedServer({ providers: [Pages], options: { limits } });
  const transport = connectInMemory(server.app, { token: await server.token() });
  await transport.start();
  const answers = new Map<unknown, (answer: unknown) => void>();
  transport.onmessage = (told) => {
    if ('id' in told) answers.get(told.id)?.(told);
  };
  const ask = async (id: number) => {
    const answer = new Promise((resolve) => answers.set(id, resolve));
    await transport.send({ ...message('resources/list'), id } as never);
    return await answer;
  };
  const isListed = new Promise<void>((resolve) => (onList = resolve));
  const first = ask(1);
  await isListed;
  expect(await ask(2)).toMatchObject({ error: { data: { reason: 'caller_limit_reached' } } });
  finish();
  expect(await first).toMatchObject({ result: { resources: [] } });
  onList = () => {
    finish();
  };
  expect(await ask(3)).toMatchObject({ result: { resources: [] } });
  await transport.close();
  await server.close();
});
