import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiOAuth2 } from '@nestjs/swagger';

export const REQUIRED_SCOPE = 'required-scope';

/** The scope that an access token needs for a route, for the guard and for the OpenAPI document. */
export function RequireScope(scope: string): MethodDecorator {
  return applyDecorators(SetMetadata(REQUIRED_SCOPE, scope), ApiOAuth2([scope], 'oauth'));
}
