import type { ApiResponseOptions } from '@nestjs/swagger';
import { z } from 'zod';

type SchemaObject = Extract<ApiResponseOptions, { schema: unknown }>['schema'];

/** A schema as OpenAPI 3.0 has it. */
export function toOpenApi(schema: z.ZodType): SchemaObject {
  return z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' }) as SchemaObject;
}
