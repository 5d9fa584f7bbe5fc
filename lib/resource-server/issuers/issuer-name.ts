import { TENANT } from './resolved-issuer.js';

/** One of the names of an issuer: a text, or a pattern with the tenant in it. */
export class IssuerName {
  readonly #anyTenant: RegExp | undefined;

  /**
   * @param text - contains {@link TENANT} if any tenant is accepted
   * @param tenant - `tid` that tokens must have
   */
  constructor(
    readonly text: string,
    private readonly tenant: string | undefined,
  ) {
    this.#anyTenant = text.includes(TENANT) ? createTenantPattern(text) : undefined;
  }

  /** Whether these `iss` and `tid` are of this issuer. */
  matches(iss: string, tid: unknown): boolean {
    const tenant = this.#anyTenant ? this.#anyTenant.exec(iss)?.[1] : this.tenant;
    if (this.#anyTenant ? tenant === undefined : iss !== this.text) return false;
    return tenant === undefined || tid === tenant;
  }

  /** This name for the tenant that another name of the issuer has in it. */
  translate(iss: string, from: IssuerName): string {
    const tenant = from.#anyTenant?.exec(iss)?.[1];
    return tenant === undefined ? this.text : this.text.replaceAll(TENANT, tenant);
  }
}

function createTenantPattern(identifier: string): RegExp {
  const [before = '', after = ''] = identifier.split(TENANT).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${before}([A-Za-z0-9-]+)${after}$`);
}
