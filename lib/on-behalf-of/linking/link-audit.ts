import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Refusal } from '../../errors/refusal.js';
import type { AuditContext } from '../../observability/audit-event.js';
import { AuditLog } from '../../observability/audit-log.js';
import type { AccountOwner } from './link-records.js';

/** Records changes of users' accounts in the audit trail. */
@Injectable()
export class LinkAudit {
  constructor(private readonly audit: AuditLog) {}

  recordLink(owner: AccountOwner): void {
    this.audit.record({ ...createContext(owner), type: 'account_linked', downstream: owner.downstream });
  }

  recordUnlink(owner: AccountOwner): void {
    this.audit.record({ ...createContext(owner), type: 'account_unlinked', downstream: owner.downstream });
  }

  /** @param refused - for operators; contains no codes or tokens. `reference` is on the page, too */
  recordRefusal(
    owner: AccountOwner,
    { reference, ...refused }: Refusal & { readonly reason: string; readonly reference: string },
  ): void {
    const { downstream } = owner;
    this.audit.record({
      ...createContext(owner),
      correlationId: reference,
      type: 'account_link_refused',
      downstream,
      ...refused,
    });
  }
}

/** A browser's request is not a request to the MCP endpoint. */
function createContext({ issuer, subject }: AccountOwner): AuditContext {
  const caller = { issuer, subject, clientId: undefined, appOnly: false };
  return { correlationId: randomUUID(), caller };
}
