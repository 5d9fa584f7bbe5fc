import { afterAll, expect } from '@jest/globals';
import { ConsoleLogger, Logger } from '@nestjs/common';
import { INVALID_SPAN_CONTEXT, trace, type Span } from '@opentelemetry/api';
import { AuditLog } from '../../lib/observability/audit-log.js';
import { leaks, overhear } from './secret-watch.js';

/** In every file of tests: nothing secret is in what is logged, answered, traced or audited. */
afterAll(() => {
  expect(leaks()).toEqual([]);
});

// The file before may have left its own.
Logger.overrideLogger(new ConsoleLogger());
trace.disable();

for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const) {
  const say = Reflect.get(console, level) as (...what: unknown[]) => void;
  console[level] = (...what: unknown[]) => {
    overhear('console', ...what);
    say(...what);
  };
}

const record = Reflect.get(AuditLog.prototype, 'record') as (event: unknown) => void;
Reflect.set(AuditLog.prototype, 'record', function (this: AuditLog, event: unknown) {
  overhear('event', event);
  record.call(this, event);
});
afterAll(() => {
  Reflect.set(AuditLog.prototype, 'record', record);
});

/** Hears what spans are told, and is otherwise as if there were no SDK. */
trace.setGlobalTracerProvider({
  getTracer: () => {
    const startSpan = (...what: unknown[]): Span => {
      overhear('span', ...what);
      return new Proxy(trace.wrapSpanContext(INVALID_SPAN_CONTEXT), {
        get: (span, member: keyof Span) => {
          const method = Reflect.get(span, member) as (...what: unknown[]) => unknown;
          return (...what: unknown[]) => {
            overhear('span', ...what);
            return method.apply(span, what);
          };
        },
      });
    };
    const startActiveSpan = (...what: unknown[]) => (what.at(-1) as (span: Span) => never)(startSpan(...what));
    return { startSpan, startActiveSpan };
  },
});
