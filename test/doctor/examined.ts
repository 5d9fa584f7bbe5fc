import type { Type } from '@nestjs/common';
import { Logger } from '@nestjs/common';
import { clientSecretBasic, type IssuerOptions, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { diagnose } from '../../lib/doctor/diagnosis.js';
import type { ExaminedTool } from '../../lib/doctor/downstream-checks.js';
import type { Finding } from '../../lib/doctor/finding.js';
import { examineClass } from '../../lib/openapi/offers/examine-class.js';
import { describeDocument, type ExaminedDocument } from '../../lib/openapi/offers/examined-document.js';
import { listOwnDocuments } from '../../lib/openapi/offers/open-api-classes.js';
import { Issuer } from '../../lib/resource-server/issuers/issuer.js';
import { resolveOptions } from '../../lib/configuration/resolve-options.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { keepSecret } from '../support/secret-watch.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

export const METADATA = '/.well-known/oauth-authorization-server';

export const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** All that anyone may want of an issuer. */
export const HEALTHY = {
  grant_types_supported: ['authorization_code', EXCHANGE],
  token_endpoint_auth_methods_supported: ['client_secret_basic'],
  scopes_supported: ['orders:read'],
  client_id_metadata_document_supported: true,
};

/** The issuers themselves log that they cannot be had. */
Logger.overrideLogger(new RecordingLogger());

const SECRET = 'the-secret-of-the-patient';
keepSecret(SECRET);

/** The server's own client. */
export const CLIENT = { id: 'mcp', authentication: clientSecretBasic(SECRET) };

/** A downstream of the default dialect. */
export const ORDERS = { baseUrl: 'https://orders.example', audience: 'orders-api' };

export interface PatientParts {
  /** Members of the issuer's metadata that are different; `undefined` removes. */
  readonly metadata?: Record<string, unknown>;
  /** Changes the issuer before it is asked. */
  readonly issuer?: (issuer: TestIssuer) => unknown;
  readonly options?: Partial<McpAuthModuleOptions>;
  /** What is said of the issuer besides its name. */
  readonly trust?: Partial<IssuerOptions>;
  readonly tools?: readonly ExaminedTool[];
  /** Classes whose OpenAPI documents are looked over. */
  readonly classes?: readonly Type[];
}

/** What the doctor finds in a configuration whose issuer is a real server. */
export class Clinic {
  readonly issuers: TestIssuer[] = [];

  async examine({
    metadata = {},
    issuer: change,
    options,
    trust,
    tools,
    classes = [],
  }: PatientParts): Promise<readonly Finding[]> {
    const issuer = await TestIssuer.start();
    this.issuers.push(issuer);
    issuer.answers.set(METADATA, (_request, response) => {
      sendJson(response, 200, { ...issuer.metadata(), ...metadata });
    });
    await change?.(issuer);
    const resolved = resolveOptions({
      server: { name: 'test', version: '1.0.0' },
      resource: 'https://mcp.example/mcp',
      issuers: [{ issuer: issuer.issuer, ...trust }],
      ...options,
    });
    const documents: ExaminedDocument[] = [];
    for (const type of classes)
      for (const { tools: made, declared } of await examineClass(
        type,
        listOwnDocuments(type) ?? [],
        resolved.downstreams,
      ))
        if (made) documents.push(describeDocument(made, { type, place: declared.place }));
    const issuers = resolved.issuers.map((one) => new Issuer(one));
    return await diagnose({ options: resolved, issuers, tools, documents });
  }

  async close(): Promise<void> {
    await Promise.all(this.issuers.splice(0).map((issuer) => issuer.close()));
  }
}
