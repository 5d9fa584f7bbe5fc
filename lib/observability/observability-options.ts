import type { Type } from '@nestjs/common';
import { z } from 'zod';
import type { AuditSink } from './audit-sink.js';

/** Where the server reports events. */
export interface ObservabilityOptions {
  /** Where audit events go: an object, or a class that the application provides. Defaults to Nest's logger. */
  auditSink?: AuditSink | Type<AuditSink>;
}

/** Schema of {@link ObservabilityOptions}. */
export const observabilitySchema = z.strictObject({
  auditSink: z
    .custom<AuditSink | Type<AuditSink>>(
      (value) => typeof value === 'function' || typeof (value as AuditSink | null)?.record === 'function',
      'is neither an object with a method `record` nor a class. Give one of the two',
    )
    .optional(),
});

declare module '../options/resolved-options.js' {
  interface ResolvedOptions {
    readonly auditSink: AuditSink | Type<AuditSink> | undefined;
  }
}
