import { Injectable } from '@nestjs/common';
import { describeError } from '../../errors/reason.js';
import type { Caller } from '../access/caller.js';
import type { Issuer } from '../issuers/issuer.js';
import { Issuers } from '../issuers/issuers.js';
import { InvalidTokenError } from './invalid-token-error.js';

/** Maximum length of the application's reason in the log, in characters. */
const MAX_REASON = 500;

/** Asks the application whether it accepts a token: `validate` of the token's issuer. */
@Injectable()
export class ClaimsValidation {
  constructor(private readonly issuers: Issuers) {}

  /** @throws {@link InvalidTokenError} if the application does not accept the caller's claims */
  check({ claims }: Caller): Promise<void> | undefined {
    const issuer = this.issuers.findIssuer(claims);
    const { validate } = issuer?.options ?? {};
    return issuer && validate ? askApplication(issuer, validate, claims) : undefined;
  }
}

async function askApplication(issuer: Issuer, validate: Validate, claims: Caller['claims']): Promise<void> {
  const reason = await findObjection(validate, claims);
  if (reason !== undefined)
    throw new InvalidTokenError('The token is not accepted here', {
      problem: 'validate',
      detail: `\`validate\` of the issuer ${issuer.identifier} refused it: ${reason.slice(0, MAX_REASON)}`,
      fix: "Nothing, if it should. Otherwise change `validate`, which is the application's own.",
    });
}

type Validate = (claims: Caller['claims']) => unknown;

async function findObjection(validate: Validate, claims: Caller['claims']): Promise<string | undefined> {
  try {
    return (await validate(claims)) === true ? undefined : 'it did not return true';
  } catch (error) {
    return describeError(error);
  }
}
