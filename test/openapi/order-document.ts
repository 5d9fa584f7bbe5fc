/** A document of the orders API: two operations with scopes. */
export const orderDocument = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1' },
  paths: {
    '/orders': {
      get: {
        operationId: 'listOrders',
        summary: 'Lists orders.',
        parameters: [{ name: 'status', in: 'query', schema: { type: 'string', enum: ['open', 'paid'] } }],
        security: [{ oauth: ['orders:read'] }],
        responses: { 200: { description: 'Orders' } },
      },
      post: {
        operationId: 'createOrder',
        summary: 'Places an order.',
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['item'],
                properties: { item: { type: 'string' }, quantity: { type: 'integer', minimum: 1 } },
              },
            },
          },
        },
        security: [{ oauth: ['orders:write'] }],
        responses: { 201: { description: 'The order' } },
      },
    },
  },
  components: {
    securitySchemes: {
      oauth: {
        type: 'oauth2',
        flows: {
          authorizationCode: {
            authorizationUrl: 'https://login.example/authorize',
            tokenUrl: 'https://login.example/token',
            scopes: { 'orders:read': 'Read orders', 'orders:write': 'Write orders' },
          },
        },
      },
    },
  },
};
