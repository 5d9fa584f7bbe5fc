import { Module } from '@nestjs/common';
import { McpRegistry, type Registration } from 'nestjs-mcp-auth';
import { readProcessorTime } from './processor-time.js';
import { createApplication } from './servers/nest-application.js';
import { addUnreachedServer } from './servers/unreached-server.js';
import { echo, echoInput, type EchoArguments } from './servers/echo.js';

/** What it costs to register things of one kind while an application runs, in milliseconds of the processor. */
export interface Registrations {
  readonly kind: string;
  readonly count: number;
  readonly allMilliseconds: number;
  /** One more beside all of them. */
  readonly oneMilliseconds: number;
  /** To remove that one. */
  readonly removedMilliseconds: number;
}

@Module({
  imports: [addUnreachedServer('echo')],
})
class RegisteringModule {}

const count = Number(process.argv[2] ?? 2_000);
const app = await createApplication('fastify', RegisteringModule);
await app.init();
const registry = app.get(McpRegistry);

/** Registers one more of a kind, which has a number. */
const KINDS: Readonly<Record<string, (number: number) => Promise<Registration>>> = {
  tools: (number) =>
    registry.registerTool(
      { name: `echo_${number}`, description: 'Echo a text', input: echoInput, scopes: ['echo'] },
      (args: EchoArguments) => echo(args),
    ),
  prompts: (number) => registry.registerPrompt({ name: `echo_${number}`, scopes: ['echo'] }, () => 'Echo'),
  resources: (number) =>
    registry.registerResource({ name: `echo_${number}`, uri: `echo://${number}`, scopes: ['echo'] }, () => 'Echo'),
  'resource templates': (number) =>
    registry.registerResourceTemplate(
      { name: `echo_${number}`, uriTemplate: `echo://${number}/{id}`, scopes: ['echo'] },
      () => 'Echo',
    ),
};

/** Milliseconds of the processor that something takes. */
async function measure(run: () => Promise<void>): Promise<number> {
  const before = readProcessorTime();
  await run();
  return (readProcessorTime() - before) / 1000;
}

const ONES = 50;
const found: Registrations[] = [];
for (const [kind, register] of Object.entries(KINDS)) {
  const more: Registration[] = [];
  const allMilliseconds = await measure(async () => {
    for (let number = 0; number < count; number += 1) await register(number);
  });
  const oneMilliseconds = await measure(async () => {
    for (let number = 0; number < ONES; number += 1) more.push(await register(count + number));
  });
  const removedMilliseconds = await measure(() => {
    for (const one of more) one.remove();
    return Promise.resolve();
  });
  found.push({
    kind,
    count,
    allMilliseconds,
    oneMilliseconds: oneMilliseconds / ONES,
    removedMilliseconds: removedMilliseconds / ONES,
  });
}
process.send?.(found);
