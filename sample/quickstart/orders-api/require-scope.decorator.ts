import { Reflector } from '@nestjs/core';

/** The scope that an access token needs for a route. */
export const RequireScope = Reflector.createDecorator<string>();
