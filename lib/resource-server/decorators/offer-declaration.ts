import 'reflect-metadata';
import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ENTRY_PROVIDER_WATERMARK } from '@nestjs/common/constants.js';

/** Names of decorators that a method has more than once. */
export const MCP_REPEATED = 'nestjs-mcp-auth:repeated';

/** Marks a method that clients can call. */
export function declareOffer(decorator: string, key: string, options: object): MethodDecorator {
  return applyDecorators(
    (_target: object, _name: string | symbol, { value }: PropertyDescriptor) => {
      if (!Reflect.hasOwnMetadata(key, value as object)) return;
      const repeated = (Reflect.getOwnMetadata(MCP_REPEATED, value as object) ?? []) as readonly string[];
      Reflect.defineMetadata(MCP_REPEATED, [...repeated, decorator], value as object);
    },
    SetMetadata(key, options),
    (target: object) => {
      // Makes Nest give the class the global guards and interceptors that are request-scoped or transient.
      Reflect.defineMetadata(ENTRY_PROVIDER_WATERMARK, true, target.constructor);
    },
  );
}
