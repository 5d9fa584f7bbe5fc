import { Module } from '@nestjs/common';
import { McpAuthModule, McpRegistry } from 'nestjs-mcp-auth';
import { createApplication } from './servers/nest-application.js';
import { echo, echoInput, type EchoArguments } from './servers/echo.js';

/** What tools cost that are registered while an application runs, in milliseconds of the processor. */
export interface Registrations {
  readonly count: number;
  readonly allMilliseconds: number;
  /** How many there are when one more is registered. */
  readonly beside: number;
  readonly oneMilliseconds: number;
}

@Module({
  imports: [
    McpAuthModule.forRoot({
      server: { name: 'echo', version: '1.0.0' },
      resource: 'http://127.0.0.1:1/mcp',
      issuers: [{ issuer: 'http://127.0.0.1:1' }],
      limits: { rate: { acceptUnlimitedRequests: true } },
      doctor: false,
    }),
  ],
})
class RegisteringModule {}

const count = Number(process.argv[2] ?? 2_000);
const app = await createApplication('fastify', RegisteringModule);
await app.init();
const registry = app.get(McpRegistry);
let registered = 0;

async function register(times: number): Promise<number> {
  const before = process.cpuUsage();
  for (let time = 0; time < times; time += 1) {
    const name = `echo_${(registered += 1)}`;
    const options = { name, description: 'Echo a text', input: echoInput, scopes: ['echo'] };
    await registry.registerTool(options, (args: EchoArguments) => echo(args));
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const allMilliseconds = await register(count);
const ONES = 20;
const beside = registered;
process.send?.({
  count,
  allMilliseconds,
  beside,
  oneMilliseconds: (await register(ONES)) / ONES,
} satisfies Registrations);
