import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ChallengeException } from '../../resource-server/challenges/challenge.exception.js';

/** Answers with the challenge. It is bound to the endpoint, so no filter of the application can drop the header. */
@Catch(ChallengeException)
export class ChallengeFilter implements ExceptionFilter<ChallengeException> {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(exception: ChallengeException, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<unknown>();
    const { httpAdapter } = this.host;
    httpAdapter.setHeader(response, 'WWW-Authenticate', exception.challenge);
    httpAdapter.reply(response, exception.getResponse(), exception.getStatus());
  }
}
