import { text } from 'node:stream/consumers';
import type { Context, Middleware } from 'koa';
import type { default as Provider, InteractionResults } from 'oidc-provider';
import { userNames } from './accounts.js';
import { approveConsent, consentScopes } from './consent.js';
import { errors } from './oidc-provider.js';
import { alert, html, showPage } from './page.js';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** The pages for sign-in and consent, to which oidc-provider sends the browser in the middle of an authorization request. */
export function interactions(provider: Provider): Middleware {
  return async (ctx, next) => {
    const uid = /^\/interaction\/([\w-]+)$/.exec(ctx.path)?.[1];
    if (uid === undefined) {
      await next();
      return;
    }
    try {
      const interaction = await provider.interactionDetails(ctx.req, ctx.res);
      if (interaction.uid !== uid) throw new errors.SessionNotFound('interaction session and path mismatch');
      if (ctx.method === 'POST') {
        await submit(provider, ctx, interaction);
      } else {
        await show(provider, ctx, interaction);
      }
    } catch (error) {
      if (!(error instanceof errors.OIDCProviderError)) throw error;
      ctx.status = error.status;
      showPage(ctx, 'Start again', html`<p>This sign-in has ended. Please start again from your application.</p>`);
    }
  };
}

async function show(provider: Provider, ctx: Context, interaction: Interaction): Promise<void> {
  if (interaction.prompt.name === 'login') {
    showSignIn(ctx, '');
  } else {
    await showConsent(provider, ctx, interaction);
  }
}

async function submit(provider: Provider, ctx: Context, interaction: Interaction): Promise<void> {
  const form = new URLSearchParams(await text(ctx.req));
  if (interaction.prompt.name === 'login') {
    const username = form.get('username')?.trim() ?? '';
    if (!userNames.includes(username)) {
      ctx.status = 400;
      showSignIn(ctx, `There is no user “${username}”. Sign in as ${userNames.join(' or ')}.`);
      return;
    }
    await finish(provider, ctx, { login: { accountId: username } });
  } else if (form.get('decision') === 'approve') {
    await finish(provider, ctx, { consent: { grantId: await approveConsent(provider, interaction) } });
  } else if (form.get('decision') === 'switch-user') {
    await startOver(provider, ctx, interaction);
  } else {
    await finish(provider, ctx, { error: 'access_denied', error_description: 'The user denied the request.' });
  }
}

async function finish(provider: Provider, ctx: Context, result: InteractionResults): Promise<void> {
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result));
  ctx.status = 303;
}

/** Ends the session, and repeats the authorization request without it. */
async function startOver(provider: Provider, ctx: Context, { session, params }: Interaction): Promise<void> {
  await (await provider.Session.findByUid(session?.uid ?? ''))?.destroy();
  const query = Object.entries(params).flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)]));
  ctx.redirect(`${provider.pathFor('authorization')}?${new URLSearchParams(query).toString()}`);
  ctx.status = 303;
}

function showSignIn(ctx: Context, message: string): void {
  showPage(
    ctx,
    'Sign in',
    html`
      ${alert(message)}
      <form method="post">
        <label>User name <input name="username" autocomplete="username" required autofocus /></label>
        <label>Password <input name="password" type="password" autocomplete="current-password" /></label>
        <button type="submit">Sign in</button>
      </form>
      <p>This is a sample: the users are ${userNames.join(' and ')}, and any password will do.</p>
    `,
  );
}

async function showConsent(provider: Provider, ctx: Context, interaction: Interaction): Promise<void> {
  const client = await provider.Client.find(String(interaction.params.client_id));
  const { added, granted } = await consentScopes(provider, interaction);
  const clientName = client?.clientName ?? String(interaction.params.client_id);
  // A device's request (RFC 8628) came by another way, and cannot be repeated from here.
  const switchUser = interaction.deviceCode
    ? html``
    : html`<button type="submit" name="decision" value="switch-user">Sign in as someone else</button>`;
  showPage(
    ctx,
    'Allow access',
    html`
      <p>
        <strong>${clientName}</strong> asks for access on behalf of
        <strong>${interaction.session?.accountId ?? ''}</strong>:
      </p>
      <ul>
        ${added.map((scope) => html`<li>${scope}</li>`)}
        ${granted.map((scope) => html`<li>${scope} (already allowed)</li>`)}
      </ul>
      <form method="post">
        <button type="submit" name="decision" value="approve">Approve</button>
        <button type="submit" name="decision" value="deny">Deny</button>
        ${switchUser}
      </form>
    `,
  );
}
