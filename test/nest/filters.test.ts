import {
  BadRequestException,
  Catch,
  Injectable,
  Module,
  NotFoundException,
  UseFilters,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { afterEach, describe, expect, test } from '@jest/globals';
import { isMcp, McpExecutionContext, McpResource, McpTool, ToolError } from 'nestjs-mcp-auth';
import { callTool, message, post, textOf } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer, type ProtectedServerParts } from '../support/protected-server.js';

class DomainError extends Error {}

const seen: string[] = [];

@Catch(DomainError)
class DomainFilter implements ExceptionFilter<DomainError> {
  catch(exception: DomainError, host: ArgumentsHost) {
    const mcp = McpExecutionContext.create(host);
    seen.push(`${mcp.getCaller()?.subject} ${mcp.getOperation().name}`);
    return `Mended: ${exception.message} ${JSON.stringify(mcp.getInput())}`;
  }
}

@Catch()
class Telling implements ExceptionFilter {
  catch(exception: Error, host: ArgumentsHost): undefined {
    if (isMcp(host)) seen.push(exception.name);
  }
}

/** As applications that were made for HTTP have it. */
@Catch()
class HttpOnly implements ExceptionFilter {
  catch(_exception: unknown, host: ArgumentsHost) {
    host.switchToHttp().getResponse<{ status(code: number): { json(body: unknown): void } }>().status(500).json({});
  }
}

@Catch(DomainError)
class Translating implements ExceptionFilter<DomainError> {
  catch(): never {
    throw new ToolError('In other words.');
  }
}

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  domain() {
    throw new DomainError('broken');
  }

  @McpTool({ description: 'x' })
  missing() {
    throw new NotFoundException('No such order');
  }

  @UseFilters(DomainFilter)
  @McpTool({ description: 'x' })
  filtered() {
    throw new DomainError('broken');
  }

  @UseFilters(Translating)
  @McpTool({ description: 'x' })
  translated() {
    throw new DomainError('broken');
  }

  @UseFilters(DomainFilter)
  @McpResource({ uri: 'a://b' })
  resource() {
    throw new DomainError('broken');
  }
}

@UseFilters(DomainFilter)
@Injectable()
class FilteredClass {
  @McpTool({ description: 'x' })
  ofClass() {
    throw new DomainError('broken');
  }
}

let server: ProtectedServer;

async function start(parts: ProtectedServerParts = {}) {
  server = await startProtectedServer({ providers: [Tools, FilteredClass], ...parts });
}

afterEach(() => server.close());

const call = async (name: string) => await callTool(server.resource, await server.token(), name);

describe('exception filters', () => {
  test('of a method and of a class make the result', async () => {
    await start();
    expect(textOf(await call('filtered'))).toBe('Mended: broken {}');
    expect(textOf(await call('of_class'))).toBe('Mended: broken {}');
    expect(seen.splice(0)).toEqual(['alice filtered', 'alice of_class']);
  });

  test('of a resource make what is read', async () => {
    await start();
    const token = await server.token();
    const answer = await post(server.resource, message('resources/read', { uri: 'a://b' }), {
      token,
      headers: { 'mcp-name': 'a://b' },
    });
    expect(await answer.json()).toMatchObject({
      result: { contents: [{ uri: 'a://b', text: 'Mended: broken {"uri":"a://b"}' }] },
    });
  });

  test('may throw what is to be told', async () => {
    await start();
    expect(await call('translated')).toMatchObject({ isError: true, content: [{ text: 'In other words.' }] });
  });

  test.each([
    ['app.useGlobalFilters()', { configure: (app) => app.useGlobalFilters(new DomainFilter()) }],
    ['APP_FILTER', { imports: [withProvider(DomainFilter)] }],
  ] satisfies [string, ProtectedServerParts][])('that are global, by %s, count', async (_how, parts) => {
    await start(parts);
    expect(textOf(await call('domain'))).toBe('Mended: broken {}');
  });

  test('that return nothing have only looked', async () => {
    await start({ configure: (app) => app.useGlobalFilters(new Telling()) });
    seen.length = 0;
    const result = await call('domain');
    expect(result.isError).toBe(true);
    expect(textOf(result)).toMatch(/^domain failed, for a reason that is not shown here/);
    expect(textOf(await call('missing'))).toBe('No such order');
    expect(seen).toEqual(['Error', 'NotFoundException']);
  });

  test('for HTTP alone do no harm, and are named in the log', async () => {
    await start({ configure: (app) => app.useGlobalFilters(new HttpOnly()) });
    expect(textOf(await call('missing'))).toBe('No such order');
    expect(server.log.lines.join('\n')).toContain('An exception filter failed');
  });
});

function withProvider(filter: new () => ExceptionFilter) {
  @Module({ providers: [{ provide: APP_FILTER, useClass: filter }] })
  class Filters {}
  return Filters;
}

test('what is no call of MCP has no such host', async () => {
  await start();
  const host = { getType: () => 'http' } as ArgumentsHost;
  expect(() => McpExecutionContext.create(host)).toThrow(TypeError);
  expect(new BadRequestException()).toBeInstanceOf(Error);
});
