import { Writable } from 'node:stream';
import process from 'node:process';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { ConsoleLogger, Injectable, UseGuards, type LoggerService } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { WinstonModule } from 'nest-winston';
import { pino } from 'pino';
import { format, transports } from 'winston';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer } from '../support/protected-server.js';
import { overhear } from '../support/secret-watch.js';

class Denying {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  fails(): never {
    throw new Error('of the\nservice\u001b[31m', { cause: new Error('and what is below it') });
  }

  @UseGuards(Denying)
  @McpTool({ description: 'x' })
  denied(): string {
    return 'done';
  }

  @McpTool({ description: 'x', scopes: ['orders:write'] })
  scoped(): string {
    return 'done';
  }
}

/** A line as each logger has it, read in one way. */
interface Line {
  readonly level: string;
  readonly context: string | undefined;
  readonly message: string;
}

interface Sink {
  readonly logger: LoggerService;
  /** Reads the lines that it has written. */
  readonly read: () => readonly Line[];
  /** Everything that it has written. */
  readonly text: () => string;
}

function gather(): { readonly stream: Writable; readonly text: () => string; readonly parse: () => readonly Line[] } {
  const pieces: string[] = [];
  const stream = new Writable({
    write: (piece: Buffer, _encoding, done) => {
      overhear('log', piece.toString());
      pieces.push(piece.toString());
      done();
    },
  });
  const text = () => pieces.join('');
  const parse = () =>
    text()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
  return { stream, text, parse };
}

function createWinston(): Sink {
  const { stream, text, parse } = gather();
  const logger = WinstonModule.createLogger({
    level: 'silly',
    format: format.combine(format.timestamp(), format.json()),
    transports: [new transports.Stream({ stream })],
  });
  return { logger, text, read: parse };
}

function createConsole(): Sink {
  const { stream, text, parse } = gather();
  const write = (piece: string | Uint8Array) => stream.write(piece);
  jest.spyOn(process.stdout, 'write').mockImplementation(write as typeof process.stdout.write);
  jest.spyOn(process.stderr, 'write').mockImplementation(write as typeof process.stderr.write);
  return { logger: new ConsoleLogger({ json: true, colors: false }), text, read: parse };
}

/** Hands the last text to pino as the context, as the logger of `nestjs-pino` does. */
function createPino(): Sink {
  const { stream, text, parse } = gather();
  const log = pino({ level: 'trace', formatters: { level: (level) => ({ level }) }, messageKey: 'message' }, stream);
  const as =
    (level: 'info' | 'error' | 'warn' | 'debug' | 'trace' | 'fatal') =>
    (message: unknown, ...rest: unknown[]): void => {
      const context = rest.at(-1);
      if (typeof message === 'object') log[level]({ context, ...message });
      else log[level]({ context }, String(message));
    };
  const logger = {
    ...{ log: as('info'), error: as('error'), warn: as('warn') },
    ...{ debug: as('debug'), verbose: as('trace'), fatal: as('fatal') },
  };
  return { logger, text, read: parse };
}

/** The least that a logger of Nest has: three levels, and whatever comes as parameters. */
function createLeast(): Sink {
  const { stream, text, parse } = gather();
  const as =
    (level: string) =>
    (message: unknown, ...rest: unknown[]) => {
      stream.write(`${JSON.stringify({ level, message, context: rest.at(-1), rest })}\n`);
    };
  return { logger: { log: as('info'), error: as('error'), warn: as('warn') }, text, read: parse };
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe.each([
  ['winston', createWinston],
  ['the ConsoleLogger as JSON', createConsole],
  ['pino', createPino],
  ['a logger with three levels', createLeast],
])('with %s', (_name, create) => {
  test.each(['express', 'fastify'] as const)(
    'an event is one line, of its level and context, on %s',
    async (platform) => {
      const sink = create();
      const server = await startProtectedServer({
        platform,
        providers: [Tools],
        configure: (app) => {
          app.useLogger(sink.logger);
        },
      });
      const token = await server.token();
      const bad = await server.issuer.token({ aud: 'https://another.example/mcp' });
      const ask = async (tool: string, bearer: string, headers: Record<string, string> = {}) => {
        const response = await post(`${server.resource}`, toolCall(tool), { token: bearer, headers });
        await response.text();
        return response.status;
      };
      const statuses = [
        await ask('fails', token),
        await ask('denied', token),
        await ask('scoped', token),
        await ask('fails', bad),
        await ask('fails', token, { origin: 'https://stranger.example' }),
      ];
      await server.close();
      const lines = sink.read();
      expect(statuses).toEqual([200, 200, 403, 401, 403]);
      const find = (text: RegExp) =>
        lines.filter(({ message }) => text.test(message)).map(({ level, context }) => [level, context]);
      expect(find(/^fails failed [^]*of the[^]*service[^]*and what is below it/)).toEqual([['error', 'McpTool']]);
      expect(find(/The guard Denying of the application denied Tools\.denied/)).toEqual([['warn', 'McpTool']]);
      expect(find(/token_rejected.*another\.example/)).toEqual([['warn', 'McpAudit']]);
      expect(find(/request_refused.*stranger\.example/)).toEqual([['warn', 'McpAudit']]);
      expect(find(/operation_denied.*orders:write/)).toEqual([['warn', 'McpAudit']]);
      for (const line of lines) {
        expect(line).toMatchObject({ context: expect.any(String), message: expect.any(String) });
        // A stack has lines of its own.
        expect(line.message).not.toMatch(/[^\P{Cc}\n]/u);
      }
      for (const secret of [token, bad]) expect(sink.text()).not.toContain(secret.split('.')[2]);
    },
  );
});
