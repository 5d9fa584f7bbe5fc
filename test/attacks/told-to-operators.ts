import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { clientSecretBasic, type AuditEvent, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { Telemetry } from '../observability/telemetry.js';

/** Audit events of one test. */
export const events: AuditEvent[] = [];

export const auditSink = { record: (event: AuditEvent) => void events.push(event) };

/** Keeps the spans and metrics of a file, and forgets spans and events before each of its tests. */
export function watchTelemetry(): Telemetry {
  const telemetry = new Telemetry();
  beforeAll(() => {
    telemetry.register();
  });
  afterAll(() => telemetry.unregister());
  beforeEach(() => {
    telemetry.spans.length = 0;
    events.length = 0;
  });
  return telemetry;
}

/** Options of a server that tells its events, and calls one API. */
export function tellingOptions(downstream: string, baseUrl: string): Partial<McpAuthModuleOptions> {
  return {
    observability: { auditSink },
    client: { id: 'mcp', authentication: clientSecretBasic('s3cret') },
    downstreams: { [downstream]: { baseUrl, audience: downstream, http: { retries: 0 } } },
  };
}
