import { z } from 'zod';
import { endpointSchema } from '../entry/endpoint/endpoint-options.js';
import { logoutSchema } from '../entry/logout/logout-options.js';
import { limitsSchema } from '../limits/limit-options.js';
import { callsSchema } from '../mcp/invocation/call-options.js';
import { observabilitySchema } from '../observability/observability-options.js';
import { downstreamSchema } from '../on-behalf-of/options/downstream-options.js';
import { linkingSchema } from '../on-behalf-of/options/linked-account-options.js';
import { tokenCacheSchema } from '../on-behalf-of/token-cache/token-cache-options.js';
import { findResourceProblem } from '../options/option-rules.js';
import { serverSchema } from '../options/server-options.js';
import { createTextSchema, text } from '../options/text-schema.js';
import { replicasSchema } from '../replicas/replica-options.js';
import { scopesSchema } from '../resource-server/access/scope-options.js';
import { serverAccessSchema } from '../resource-server/access/server-access-options.js';
import { proofSchema } from '../resource-server/authentication/proof-options.js';
import { listsSchema } from '../resource-server/catalogue/list-options.js';
import { metadataSchema } from '../resource-server/challenges/metadata-options.js';
import { issuerClientsSchema } from '../resource-server/clients/client-registration.js';
import { issuerResolverSchema } from '../resource-server/issuers/issuer-resolver-options.js';
import { issuersSchema } from '../resource-server/issuers/issuer-schema.js';

/** Schema of each option by itself. `resolve-options` checks how options fit together. */
export const optionsSchema = z.strictObject({
  server: serverSchema,
  profile: z.literal('strict').optional(),
  resource: createTextSchema(findResourceProblem),
  metadata: metadataSchema.optional(),
  issuers: issuersSchema.optional(),
  issuerResolver: issuerResolverSchema,
  client: issuerClientsSchema.optional(),
  downstreams: z.record(text, downstreamSchema).optional(),
  endpoint: endpointSchema.optional(),
  scopes: scopesSchema.optional(),
  access: serverAccessSchema.optional(),
  proof: proofSchema.optional(),
  lists: listsSchema.optional(),
  calls: callsSchema.optional(),
  limits: limitsSchema.optional(),
  replicas: replicasSchema.optional(),
  tokenCache: tokenCacheSchema.optional(),
  linking: linkingSchema.optional(),
  logout: logoutSchema.optional(),
  observability: observabilitySchema.optional(),
  doctor: z.boolean().optional(),
});
