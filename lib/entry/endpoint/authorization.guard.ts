import { BadRequestException, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { AdmissionRequests } from '../../mcp/tasks/admission-requests.js';
import { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import { Admission, type AuthorizedOperation } from '../../resource-server/authorization/admission.js';
import type { AdmissionRequest } from '../../resource-server/authorization/admission-request.js';
import type { Offer } from '../../resource-server/catalogue/primitive.js';
import { DeniedAnswers } from './denied-answers.js';
import { explainRefusal } from './described-answer.js';
import { getRequest, type McpRequest } from './mcp-request.js';
import { toTold } from './told-failures.js';

/** Authorizes the operation in the body for the caller, and answers with a challenge if the caller may not do it. */
@Injectable()
export class AuthorizationGuard implements CanActivate {
  constructor(
    private readonly requests: AdmissionRequests,
    private readonly admission: Admission,
    private readonly answers: DeniedAnswers,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = getRequest(context);
    const { caller, operation, body, trace } = request;
    try {
      refuseBatch(request);
      const made = this.requests.make(caller, operation, body);
      const asked = made instanceof Promise ? await made : made;
      request.admitted = await this.#admit(asked, request);
    } catch (error) {
      throw toTold(error, trace);
    }
    return true;
  }

  async #admit(asked: AdmissionRequest, request: McpRequest): Promise<AuthorizedOperation | AccessDeniedError> {
    try {
      return await this.admission.admit(asked, request.trace);
    } catch (error) {
      if (!(error instanceof AccessDeniedError)) throw error;
      const answer = await this.answers.answer(error, asked, request);
      if (answer) throw answer;
      return error;
    }
  }
}

/** @throws BadRequestException for a JSON-RPC batch */
export function refuseBatch(request: McpRequest<Offer>): void {
  const { body } = request;
  if (!Array.isArray(body)) return;
  explainRefusal(request.node, {
    reason: 'message',
    detail: `it is a batch of ${body.length} messages, and wanted is one message`,
    fix: 'No option accepts that. Have the client send one message at a time, as MCP has it since 2025-06-18.',
  });
  throw new BadRequestException('JSON-RPC batches are not served. Send one message at a time');
}
