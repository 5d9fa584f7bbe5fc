/** Schemes of security, one of each type. */
const SCHEMES = {
  oauth: {
    type: 'oauth2',
    flows: { clientCredentials: { tokenUrl: 'https://login.example/token', scopes: { a: 'A', b: 'B', c: 'C' } } },
  },
  oidc: { type: 'openIdConnect', openIdConnectUrl: 'https://login.example/.well-known/openid-configuration' },
  bearer: { type: 'http', scheme: 'bearer' },
  basic: { type: 'http', scheme: 'basic' },
  key: { type: 'apiKey', in: 'header', name: 'X-Key' },
  mtls: { type: 'mutualTLS' },
  referred: { $ref: '#/components/securitySchemes/oauth' },
};

/** A document with one operation for each requirement, named `tool0`, `tool1` and so on, unless `name` says otherwise. */
export function documentWith(
  requirements: readonly unknown[],
  {
    name = 'tool',
    method = 'get',
    security,
  }: { readonly name?: string; readonly method?: string; readonly security?: unknown } = {},
): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: { title: 'Secured', version: '1' },
    ...(security !== undefined && { security }),
    paths: Object.fromEntries(
      requirements.map((requirement, index) => [
        `/things/${index}`,
        {
          [method]: {
            operationId: `${name}${index}`,
            ...(requirement !== undefined && { security: requirement }),
            responses: { 200: { description: 'A thing' } },
          },
        },
      ]),
    ),
    components: { securitySchemes: SCHEMES },
  };
}
