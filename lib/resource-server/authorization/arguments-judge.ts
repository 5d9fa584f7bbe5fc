import { Injectable, NotFoundException } from '@nestjs/common';
import { Denial, type PolicyRequest } from '../access/policy.js';
import { ScopeHierarchy } from '../access/scope-hierarchy.js';
import { judgeCaller } from '../access/access-rule.js';
import { Catalogue } from '../catalogue/catalogue.js';
import type { Offer } from '../catalogue/primitive.js';
import type { AccessDenial, AccessDeniedError } from './access-denied-error.js';
import { isCompanion } from './known-arguments.js';
import { Policies } from './policies.js';
import { computeScopes } from './validated-arguments.js';

/** Creates the denial of an operation. */
export type CreateDenial = (
  denial: Pick<AccessDenial, 'reason' | 'scopes' | 'denial' | 'policy' | 'cause'>,
) => AccessDeniedError;

/** An operation with its arguments, and what it is about. */
export interface JudgedOperation extends PolicyRequest {
  readonly primitive: Offer;
}

const MORE_SCOPES = new Denial('The token does not have the scopes that these arguments need.', 'available');

/** Decides about the arguments of an operation. */
@Injectable()
export class ArgumentsJudge {
  constructor(
    private readonly hierarchy: ScopeHierarchy,
    private readonly policies: Policies,
    private readonly catalogue: Catalogue,
  ) {}

  /**
   * Judges the arguments of an operation whose scopes are decided.
   *
   * @throws {@link AccessDeniedError} if a policy denies or fails, or if the arguments are those of another resource
   */
  async judge({ primitive, ...request }: JudgedOperation, createDenial: CreateDenial): Promise<void> {
    // Schemas and pipes may make the URI of another resource, which has another rule.
    if (!isCompanion(request.operation) && this.catalogue.uris.isOther(request.operation, request.arguments))
      throw createDenial({ reason: 'other_resource', cause: new NotFoundException() });
    if (primitive.policies.length === 0) return;
    const objection = await this.policies.findObjection(primitive, request).catch((cause: unknown) => {
      throw createDenial({ reason: 'undecided', cause });
    });
    if (objection) throw createDenial({ reason: 'policy', ...objection });
  }

  /**
   * Judges what was made of the arguments of an operation that is authorized. What does not depend on them is decided.
   *
   * @throws {@link AccessDeniedError} as {@link judge} does, and for scopes that the caller lacks
   */
  async judgeChanged(judged: JudgedOperation, createDenial: CreateDenial): Promise<void> {
    const { caller, operation, primitive } = judged;
    const rule = isCompanion(operation) ? [] : computeScopes(primitive.access, { value: judged.arguments });
    const { sufficient, needed: scopes } = judgeCaller(caller, rule, this.hierarchy);
    if (!sufficient) throw createDenial({ reason: 'insufficient_scope', denial: MORE_SCOPES, scopes });
    await this.judge(judged, (denial) => createDenial({ ...denial, scopes }));
  }
}
