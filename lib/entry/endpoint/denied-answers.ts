import { ForbiddenException, Injectable, type HttpException } from '@nestjs/common';
import { DownstreamPreparation } from '../../on-behalf-of/downstream/downstream-preparation.js';
import type { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import type { AdmissionRequest } from '../../resource-server/authorization/admission-request.js';
import type { Offer } from '../../resource-server/catalogue/primitive.js';
import { Challenges } from '../../resource-server/challenges/challenges.js';
import type { McpRequest } from './mcp-request.js';

/** Reports a denial over HTTP. */
@Injectable()
export class DeniedAnswers {
  constructor(
    private readonly challenges: Challenges,
    private readonly preparation: DownstreamPreparation,
  ) {}

  /** @returns `undefined` for a final denial, which the operation's own answer reports */
  async answer(
    denied: AccessDeniedError,
    asked: AdmissionRequest<Offer>,
    request: McpRequest<Offer>,
  ): Promise<HttpException | undefined> {
    const { reason, caller, primitive } = denied;
    switch (reason) {
      case 'client_not_allowed':
        return new ForbiddenException('This client may not use this server');
      case 'insufficient_scope':
      case 'insufficient_user_authentication': {
        if (!caller) return this.challenges.createTokenChallenge({ primitive, surface: request.surface });
        const combined = await this.preparation.combine(denied, asked, request);
        return combined ?? this.challenges.createAccessChallenge(caller, request.scheme, denied);
      }
      default:
        return undefined;
    }
  }
}
