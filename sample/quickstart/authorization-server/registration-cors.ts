import type { Middleware } from 'koa';

/** oidc-provider opens its other endpoints to scripts in browsers, but not the one for dynamic client registration. */
export function registrationCors(registrationPath: string): Middleware {
  return async (ctx, next) => {
    if (ctx.path === registrationPath) ctx.set('Access-Control-Allow-Origin', '*');
    if (ctx.path === registrationPath && ctx.method === 'OPTIONS') {
      ctx.set({ 'Access-Control-Allow-Methods': 'POST', 'Access-Control-Allow-Headers': 'Content-Type' });
      ctx.status = 204;
    } else {
      await next();
    }
  };
}
