import 'reflect-metadata';
import { ENTRY_PROVIDER_WATERMARK } from '@nestjs/common/constants.js';

/** Names of decorators that a method has more than once. */
export const MCP_REPEATED = 'nestjs-mcp-auth:repeated';

/** Marks a method that clients can call. */
export function declareOffer(decorator: string, key: string, options: object): MethodDecorator {
  return ({ constructor }, _name, { value }: PropertyDescriptor) => {
    const method = value as object;
    if (Reflect.hasOwnMetadata(key, method)) {
      const repeated = (Reflect.getOwnMetadata(MCP_REPEATED, method) ?? []) as readonly string[];
      Reflect.defineMetadata(MCP_REPEATED, [...repeated, decorator], method);
    }
    Reflect.defineMetadata(key, options, method);
    // Makes Nest give the class the global guards and interceptors that are request-scoped or transient.
    Reflect.defineMetadata(ENTRY_PROVIDER_WATERMARK, true, constructor);
  };
}
