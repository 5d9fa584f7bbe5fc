import { Get, Header, HttpCode, Inject, NotFoundException, Options } from '@nestjs/common';
import { ToolCatalogue } from '../catalogue/tool-catalogue.js';
import { ResolvedOptions } from '../options/mcp-auth-options.js';
import { protectedResourceMetadata, type ProtectedResourceMetadata } from './protected-resource-metadata.js';

/** Serves the protected resource metadata, to anyone and to any origin: it is how a browser's client finds its way. */
export class MetadataController {
  constructor(
    @Inject(ResolvedOptions) private readonly options: ResolvedOptions,
    @Inject(ToolCatalogue) private readonly catalogue: ToolCatalogue,
  ) {}

  @Get()
  @Header('Access-Control-Allow-Origin', '*')
  @Header('Cache-Control', 'public, max-age=300')
  document(): ProtectedResourceMetadata {
    // RFC 9728 describes a protected resource; where nothing is protected there is none.
    if (this.options.anonymous) throw new NotFoundException();
    return protectedResourceMetadata(this.options, this.catalogue.initialScopes);
  }

  @Options()
  @HttpCode(204)
  @Header('Access-Control-Allow-Origin', '*')
  @Header('Access-Control-Allow-Methods', 'GET, HEAD')
  @Header('Access-Control-Allow-Headers', '*')
  @Header('Access-Control-Max-Age', '86400')
  preflight(): void {
    // The headers are the answer.
  }
}
