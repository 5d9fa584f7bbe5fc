import { Injectable } from '@nestjs/common';
import { Denial, type Policy, type PolicyRequest } from 'nestjs-mcp-auth';

/** What the handler checked by itself. */
@Injectable()
export class ShippersOnly implements Policy {
  permits({ caller }: PolicyRequest): boolean | Denial {
    const roles = caller?.claims.roles;
    return (Array.isArray(roles) && roles.includes('shipper')) || new Denial('Only shippers may do this.');
  }
}
