import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import { CleanLogger } from '../log/clean-logger.js';
import { Catalogue } from '../resource-server/catalogue/catalogue.js';
import { describeError } from '../errors/reason.js';
import { OpenApiOffers } from '../openapi/offers/open-api-offers.js';
import { Issuers } from '../resource-server/issuers/issuers.js';
import { ResolvedOptions } from '../options/resolved-options.js';
import { diagnose } from './diagnosis.js';
import { describeAccess } from './downstream-checks.js';
import type { Finding } from './finding.js';
import { askOwnEndpoint } from './own-endpoint.js';

/** Examines the configuration after the application has started, and logs what is wrong. Nothing waits for it. */
@Injectable()
export class BootDoctor implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new CleanLogger('McpAuthDoctor');
  #stopped = false;
  #dismissed = false;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly issuers: Issuers,
    private readonly catalogue: Catalogue,
    private readonly openApi: OpenApiOffers,
    private readonly host: HttpAdapterHost,
  ) {}

  /** Keeps it from examining anything. */
  dismiss(): void {
    this.#dismissed = true;
  }

  /** Called by Nest when the application has started. */
  onApplicationBootstrap(): void {
    if (!this.options.doctor || this.#dismissed) return;
    void this.#examine();
    // An application context has no adapter.
    const { httpAdapter } = this.host as { readonly httpAdapter?: AbstractHttpAdapter | null };
    const server = httpAdapter?.getHttpServer() as Server | undefined;
    server?.once('listening', () => void this.#ask(server));
  }

  /** Called by Nest. Later findings are dropped. */
  beforeApplicationShutdown(): void {
    this.#stopped = true;
  }

  async #ask(server: Server): Promise<void> {
    try {
      const findings = await askOwnEndpoint(server, this.options);
      if (this.#stopped) return;
      if (findings.length > 0) this.#report(findings);
      else this.#logger.debug(`${this.options.resource}: clients get the document and the challenge of the module.`);
    } catch (error) {
      this.#logger.debug(`${this.options.resource} could not be asked: ${describeError(error)}`);
    }
  }

  async #examine(): Promise<void> {
    const tools = this.catalogue.offers.map(({ name, access, downstreams, readOnly }) => ({
      name,
      ...describeAccess(access),
      readOnly,
      downstreams,
    }));
    try {
      const { documents } = this.openApi;
      const findings = await diagnose({ options: this.options, issuers: this.issuers.all, tools, documents });
      if (!this.#stopped) this.#report(findings);
    } catch (error) {
      this.#logger.warn(`${this.options.resource} could not be checked: ${describeError(error)}`);
    }
  }

  #report(findings: readonly Finding[]): void {
    for (const { severity, subject, message, fix, code } of findings) {
      const line = `${subject}: ${message} ${fix} (${code})`;
      if (severity === 'error') this.#logger.error(line);
      else if (severity === 'warning') this.#logger.warn(line);
      else this.#logger.debug(line);
    }
    if (findings.every(({ severity }) => severity === 'info')) {
      this.#logger.log(`${this.options.resource}: nothing is wrong with the configuration and the issuers.`);
    }
  }
}
