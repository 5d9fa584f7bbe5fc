import type { AuditRecord } from './audit-event.js';

/** What tells refusals apart that may come again and again. */
export interface Recurring {
  /** Refusals of one kind are summed. */
  readonly kind: string;
  /** Different ones of one kind. */
  readonly text: string;
}

type Of<Type extends AuditRecord['type']> = Extract<AuditRecord, { type: Type }>;

/** Refusals that the log has in words. */
export type LoggedRefusal = Of<'token_rejected' | 'request_refused' | 'operation_denied'>;

const WHAT: Readonly<Record<LoggedRefusal['type'], string>> = {
  token_rejected: 'A token was rejected',
  request_refused: 'A request was refused',
  operation_denied: 'An operation was denied',
};

/** Whether an event is a refusal that operators read in the log, in words. */
export function isLoggedRefusal(record: AuditRecord): record is LoggedRefusal {
  return Object.hasOwn(WHAT, record.type);
}

/** Describes a refusal in words: what was refused, why, and what would change it. */
export function describeRefusal(record: LoggedRefusal): string {
  const { type, correlationId, reason, detail, fix } = record;
  const { method, name } = (type === 'operation_denied' ? record.operation : undefined) ?? {};
  const operation = method === undefined ? '' : ` (${method}${name === undefined ? '' : ` ${name}`})`;
  return `${WHAT[type]} [${correlationId}]${operation}: ${reason}: ${detail}. ${fix}`;
}

/** @returns `undefined` for what only verified callers can cause. Each of those is told */
export function findRecurring(record: AuditRecord): Recurring | undefined {
  switch (record.type) {
    case 'token_rejected':
    case 'request_refused':
      return { kind: `${record.type} ${record.reason}`, text: `${record.detail} ${record.fix}` };
    case 'request_limited': {
      const { issuer, subject, clientId } = record.caller ?? {};
      return { kind: `${record.type} ${record.throttler}`, text: JSON.stringify([issuer, subject, clientId]) };
    }
    default:
      return undefined;
  }
}
