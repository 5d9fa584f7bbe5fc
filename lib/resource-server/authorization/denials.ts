import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../observability/audit-log.js';
import { countDenied } from '../../observability/metrics.js';
import type { RequestTrace } from '../../observability/request-trace.js';
import type { Operation } from '../access/operation.js';
import { describeDenial, type DescribedDenial } from './described-denial.js';

/** A denied operation and the reason. */
export interface DeniedOperation extends DescribedDenial {
  readonly operation: Operation | undefined;
}

/** Records denials in the audit, the metrics and the span of the request. */
@Injectable()
export class Denials {
  constructor(private readonly audit: AuditLog) {}

  /** Records a denial once, whatever the transport. */
  record(denied: DeniedOperation, trace: RequestTrace): void {
    const { reason, caller, operation, scopes, policy } = denied;
    countDenied(reason);
    trace.fail(reason);
    this.audit.record({
      ...trace.createAuditContext(caller, operation),
      type: 'operation_denied',
      reason,
      ...describeDenial(denied),
      scopes,
      ...(policy !== undefined && { policy }),
    });
  }
}
