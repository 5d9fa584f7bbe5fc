import { UnauthorizedException } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { passportJwtSecret } from 'jwks-rsa';
import { ExtractJwt, Strategy } from 'passport-jwt';

export interface User {
  readonly id: string;
  readonly roles: readonly string[];
}

/** Takes every token of the issuer, whatever its audience, also from the query. */
export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor(issuer: string) {
    super({
      jwtFromRequest: ExtractJwt.fromExtractors([
        ExtractJwt.fromAuthHeaderAsBearerToken(),
        ExtractJwt.fromUrlQueryParameter('access_token'),
      ]),
      secretOrKeyProvider: passportJwtSecret({ jwksUri: `${issuer}/jwks`, cache: true }),
      issuer,
      algorithms: ['RS256', 'ES256'],
    });
  }

  validate({ sub, roles = [], blocked = false }: { sub: string; roles?: string[]; blocked?: boolean }): User {
    if (blocked) throw new UnauthorizedException();
    return { id: sub, roles };
  }
}
