import type { Rule } from '@angular-devkit/schematics';
import { generateOffer, type GenerateOptions } from './generate-offer.js';
import { generateOpenApi, type OpenApiOptions } from './generate-openapi.js';

/** `nest g -c nestjs-mcp-auth tool orders`. */
export function tool(options: GenerateOptions): Rule {
  return generateOffer('tool', options);
}

/** `nest g -c nestjs-mcp-auth resource orders`. */
export function resource(options: GenerateOptions): Rule {
  return generateOffer('resource', options);
}

/** `nest g -c nestjs-mcp-auth prompt orders`. */
export function prompt(options: GenerateOptions): Rule {
  return generateOffer('prompt', options);
}

/** `nest g -c nestjs-mcp-auth openapi orders`. */
export function openapi(options: OpenApiOptions): Rule {
  return generateOpenApi(options);
}
