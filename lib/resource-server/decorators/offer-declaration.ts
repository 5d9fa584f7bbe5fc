import 'reflect-metadata';
import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ENTRY_PROVIDER_WATERMARK } from '@nestjs/common/constants.js';

/** Marks a method that clients can call. */
export function declareOffer(key: string, options: object): MethodDecorator {
  return applyDecorators(SetMetadata(key, options), (target: object) => {
    // Makes Nest give the class the global guards and interceptors that are request-scoped or transient.
    Reflect.defineMetadata(ENTRY_PROVIDER_WATERMARK, true, target.constructor);
  });
}
