import type { Middleware } from 'koa';
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import { alert, html, showPage } from './page.js';

type DeviceFlow = NonNullable<NonNullable<Configuration['features']>['deviceFlow']>;

/** The pages of the device flow (RFC 8628 §3.3), in place of oidc-provider's own, which carry scripts. */
export const devicePages: Pick<DeviceFlow, 'userCodeInputSource' | 'userCodeConfirmSource' | 'successSource'> = {
  userCodeInputSource: (ctx, _form, _out, error) => {
    showPage(
      ctx,
      'Connect a device',
      html`
        ${alert(error === undefined ? '' : 'This code cannot be used. Check it and try again.')}
        <form method="post" action="${verificationUri(ctx)}">
          <input type="hidden" name="xsrf" value="${xsrf(ctx)}" />
          <label>Code <input name="user_code" value="${prefilledCode(ctx)}" required autofocus /></label>
          <button type="submit">Continue</button>
        </form>
      `,
    );
  },
  userCodeConfirmSource: (ctx, _form, client, _deviceInfo, userCode) => {
    showPage(
      ctx,
      'Confirm the device',
      html`
        <p>Does <strong>${client.clientName ?? client.clientId}</strong> show the code <strong>${userCode}</strong>?</p>
        <form method="post" action="${verificationUri(ctx)}">
          <input type="hidden" name="xsrf" value="${xsrf(ctx)}" />
          <input type="hidden" name="user_code" value="${userCode}" />
          <input type="hidden" name="confirm" value="yes" />
          <button type="submit">Continue</button>
          <button type="submit" name="abort" value="yes">Cancel</button>
        </form>
      `,
    );
  },
  successSource: (ctx) => {
    showPage(ctx, 'Connected', html`<p>The device is connected. You can close this page.</p>`);
  },
};

/**
 * `verification_uri_complete` brings the code in the URL; oidc-provider would answer it with a form that a script submits.
 * Taken out of the query, the code appears in the form above, where the user looks at it and continues.
 */
export function prefillUserCode(verificationPath: string): Middleware {
  return async (ctx, next) => {
    const { user_code: userCode, ...query } = ctx.query;
    if (ctx.path === verificationPath && ctx.method === 'GET' && typeof userCode === 'string') {
      ctx.state.userCode = userCode;
      ctx.query = query;
    }
    await next();
  };
}

function prefilledCode(ctx: KoaContextWithOIDC): string {
  const { userCode } = ctx.state as { userCode?: string };
  return userCode ?? '';
}

function verificationUri(ctx: KoaContextWithOIDC): string {
  return ctx.oidc.urlFor('code_verification');
}

function xsrf(ctx: KoaContextWithOIDC): string {
  return String(ctx.oidc.session?.state?.secret);
}
