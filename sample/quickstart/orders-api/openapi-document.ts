import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

/** Serves the OpenAPI document of the API at `/openapi.json`, to everybody. */
export function serveOpenApiDocument(app: INestApplication, issuer: string): void {
  const config = new DocumentBuilder()
    .setTitle('Orders')
    .setDescription('The orders of the user who calls.')
    .setVersion('1.0.0')
    .addOAuth2(
      {
        type: 'oauth2',
        flows: {
          authorizationCode: {
            authorizationUrl: `${issuer}/auth`,
            tokenUrl: `${issuer}/token`,
            scopes: { 'orders:read': 'See your orders', 'orders:write': 'Place and cancel orders' },
          },
        },
      },
      'oauth',
    )
    .build();
  const createDocument = () => SwaggerModule.createDocument(app, config);
  SwaggerModule.setup('docs', app, createDocument, { ui: false, raw: ['json'], jsonDocumentUrl: 'openapi.json' });
}
