import { Injectable } from '@nestjs/common';
import { Denial, type Policy, type PolicyRequest } from 'nestjs-mcp-auth';

/** What `@ToolRoles(['admin'])` was: roles are claims, and a policy looks at these. */
@Injectable()
export class AdminsOnly implements Policy {
  permits({ caller }: PolicyRequest): boolean | Denial {
    const roles = caller?.claims.roles;
    return (Array.isArray(roles) && roles.includes('admin')) || new Denial('Only admins may do this.');
  }
}
