import { Injectable } from '@nestjs/common';
import type { DenialReason } from '../../observability/audit-event.js';
import { AuditLog } from '../../observability/audit-log.js';
import { countDenied } from '../../observability/metrics.js';
import type { RequestTrace } from '../../observability/request-trace.js';
import type { Caller } from '../access/caller.js';
import type { Operation } from '../access/operation.js';

/** A denied operation and the reason. */
export interface DeniedOperation {
  readonly reason: DenialReason;
  readonly caller: Caller | undefined;
  readonly operation: Operation | undefined;
  readonly scopes: readonly string[];
  readonly policy?: string | undefined;
}

/** Records denials in the audit, the metrics and the span of the request. */
@Injectable()
export class Denials {
  constructor(private readonly audit: AuditLog) {}

  /** Records a denial once, whatever the transport. */
  record({ reason, caller, operation, scopes, policy }: DeniedOperation, trace: RequestTrace): void {
    countDenied(reason);
    trace.fail(reason);
    this.audit.record({
      ...trace.createAuditContext(caller, operation),
      type: 'operation_denied',
      reason,
      scopes,
      ...(policy !== undefined && { policy }),
    });
  }
}
