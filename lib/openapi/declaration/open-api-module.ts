import { Module, type DynamicModule } from '@nestjs/common';
import {
  ConfigurableFeatureClass,
  type ASYNC_FEATURE_TYPE,
  type FeatureOptions,
  type McpOpenApiFeature,
} from './open-api-module-definition.js';

/**
 * Offers the operations of OpenAPI documents that come from configuration, any number of them. Each call is a feature of
 * its own. It does what {@link McpOpenApi} does for a class.
 */
@Module({})
export class McpOpenApiModule extends ConfigurableFeatureClass {
  /**
   * Offers the operations of one document or several.
   *
   * @param options - as for {@link McpOpenApi}: one, or a list, which may be empty
   * @param feature - what carries the operations
   * @throws {@link McpAuthConfigurationError} at boot, for options or documents that cannot be used
   */
  static override forFeature(options: FeatureOptions, feature: McpOpenApiFeature = {}): DynamicModule {
    return super.forFeatureAsync({ ...feature, useFactory: () => options });
  }

  /**
   * Like {@link forFeature}, with options from `useFactory`, or from `createMcpOpenApiOptions()` of `useClass` or
   * `useExisting`. Pass `api` beside these: Nest needs it before it makes the options.
   *
   * @param options - where the options come from, what is injected there, and what carries the operations
   * @throws {@link McpAuthConfigurationError} at boot, as {@link forFeature} does
   */
  static override forFeatureAsync(options: typeof ASYNC_FEATURE_TYPE): DynamicModule {
    return super.forFeatureAsync(options);
  }
}
