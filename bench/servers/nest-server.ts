import { Controller, HttpCode, Injectable, Module, Post, Req, UseGuards, type CanActivate } from '@nestjs/common';
import { answer, type Message } from './json-echo.js';
import type { Platform, ServerUnderLoad } from './listen.js';
import { startNest } from './nest-application.js';

/** Nest alone: three guards that let everyone in, and a controller that does what the one on bare `node:http` does. */
export async function startNestAlone(platform: Platform): Promise<ServerUnderLoad> {
  const guards = Array.from({ length: 3 }, () => {
    @Injectable()
    class Open implements CanActivate {
      canActivate() {
        return true;
      }
    }
    return Open;
  });

  @Controller('mcp')
  @UseGuards(...guards)
  class EchoController {
    @Post()
    @HttpCode(200)
    post(@Req() { body }: { body: unknown }) {
      return answer(body as Message);
    }
  }

  @Module({ controllers: [EchoController], providers: guards })
  class EchoModule {}

  return await startNest(platform, () => EchoModule);
}
