import type { Type } from '@nestjs/common';
import { z } from 'zod';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { AuditSink } from './audit-sink.js';

/** Where the server reports events. */
export interface ObservabilityOptions {
  /** Where audit events go: an object, or a class that the application provides. Defaults to Nest's logger. */
  auditSink?: AuditSink | Type<AuditSink>;
  /**
   * Whether audit events contain the URIs of resources that clients send, such as `patients://123-45-6789`. This gives
   * up that events hold no arguments. Defaults to `false`: events name the template, such as `patients://{id}`.
   */
  discloseResourceUris?: boolean;
}

/** Schema of {@link ObservabilityOptions}. */
export const observabilitySchema = z.strictObject({
  auditSink: z
    .custom<AuditSink | Type<AuditSink>>(
      (value) => typeof value === 'function' || typeof (value as AuditSink | null)?.record === 'function',
      'is neither an object with a method `record` nor a class. Give one of the two',
    )
    .optional(),
  discloseResourceUris: z.boolean().optional(),
});

declare module '../options/resolved-options.js' {
  interface ResolvedOptions {
    readonly auditSink: AuditSink | Type<AuditSink> | undefined;
    /** Whether audit events contain URIs of resources. */
    readonly discloseResourceUris: boolean;
  }
}

/** Fills in the defaults. */
export function resolveObservability({ auditSink, discloseResourceUris = false }: ObservabilityOptions = {}): Pick<
  ResolvedOptions,
  'auditSink' | 'discloseResourceUris'
> {
  return { auditSink, discloseResourceUris };
}
