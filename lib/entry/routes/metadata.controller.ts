import { Get, Header, HttpCode, NotFoundException, Options, Res, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ProofOfPossession } from '../../resource-server/authentication/proof-of-possession.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { Challenges } from '../../resource-server/challenges/challenges.js';
import { buildProtectedResourceMetadata } from '../../resource-server/challenges/protected-resource-metadata.js';

/**
 * Serves the protected resource metadata to anyone and any origin, because clients in browsers need it. `Host` is not
 * checked: nothing of a request is in the document, and DNS rebinding gains nothing from what every page may read.
 */
@Injectable()
export class MetadataController {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly challenges: Challenges,
    private readonly proof: ProofOfPossession,
    private readonly host: HttpAdapterHost,
  ) {}

  /** Sends the response itself, because an interceptor of the application could change what a handler returns. */
  @Get()
  sendDocument(@Res() response: unknown): void {
    // RFC 9728 describes a protected resource. An anonymous server is not protected.
    if (this.options.anonymous) throw new NotFoundException();
    const { httpAdapter } = this.host;
    httpAdapter.setHeader(response, 'Access-Control-Allow-Origin', '*');
    httpAdapter.setHeader(response, 'Cache-Control', 'public, max-age=300');
    const document = buildProtectedResourceMetadata(this.options, this.challenges.initialScopes, this.proof.algorithms);
    httpAdapter.reply(response, document, 200);
  }

  @Options()
  @HttpCode(204)
  @Header('Access-Control-Allow-Origin', '*')
  @Header('Access-Control-Allow-Methods', 'GET, HEAD')
  @Header('Access-Control-Allow-Headers', '*')
  @Header('Access-Control-Max-Age', '86400')
  answerPreflight(): void {
    // The headers are the answer.
  }
}
