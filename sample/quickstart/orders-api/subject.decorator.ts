import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { accessTokenOf } from './access-token.js';

/** The user in `sub` of the access token. */
export const Subject = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  return accessTokenOf(context.switchToHttp().getRequest<object>())?.sub;
});
