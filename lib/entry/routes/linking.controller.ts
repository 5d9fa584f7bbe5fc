import { Get, Param, Req, Res, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { toNodeRequest, type PlatformRequest } from '../endpoint/node-request.js';
import { LinkFlow, type BrowserReturn, type LinkAnswer } from '../../on-behalf-of/linking/link-flow.js';
import { toHtml, PAGE_HEADERS } from '../../on-behalf-of/linking/link-page.js';

/** The pages on which users link accounts. The user is identified during the flow. */
@Injectable()
export class LinkingController {
  constructor(
    private readonly flow: LinkFlow,
    private readonly host: HttpAdapterHost,
  ) {}

  @Get('callback')
  async finishSignIn(@Req() request: PlatformRequest, @Res() response: unknown): Promise<void> {
    this.#answer(response, await this.flow.finishSignIn(readReturn(request)));
  }

  @Get('callback/:downstream')
  async finishAuthorization(
    @Param('downstream') downstream: string,
    @Req() request: PlatformRequest,
    @Res() response: unknown,
  ): Promise<void> {
    this.#answer(response, await this.flow.finishAuthorization(downstream, readReturn(request)));
  }

  @Get(':id')
  async open(@Param('id') id: string, @Res() response: unknown): Promise<void> {
    this.#answer(response, await this.flow.open(id));
  }

  /** Sends the response itself, because an interceptor of the application could change what a handler returns. */
  #answer(response: unknown, answer: LinkAnswer): void {
    const { httpAdapter } = this.host;
    const headers = {
      ...PAGE_HEADERS,
      ...(answer.cookie !== undefined && { 'Set-Cookie': answer.cookie }),
      ...('redirect' in answer
        ? { Location: answer.redirect.href, 'Content-Type': 'text/plain; charset=utf-8' }
        : { 'Content-Type': 'text/html; charset=utf-8' }),
    };
    for (const [name, value] of Object.entries(headers)) httpAdapter.setHeader(response, name, value);
    if ('redirect' in answer) httpAdapter.reply(response, '', 303);
    else httpAdapter.reply(response, toHtml(answer.page), answer.page.status);
  }
}

function readReturn(request: PlatformRequest): BrowserReturn {
  const { url = '', headers } = toNodeRequest(request);
  return { query: new URL(url, 'http://localhost').searchParams, cookies: headers.cookie };
}
