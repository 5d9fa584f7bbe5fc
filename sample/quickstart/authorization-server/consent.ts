import type { default as Provider, PromptDetail } from 'oidc-provider';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;
type Grant = InstanceType<Provider['Grant']>;

/** What oidc-provider found missing in the grant that this user has given this client so far. */
interface MissingScopes {
  readonly missingOIDCScope?: readonly string[];
  readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>;
}

export interface ConsentScopes {
  readonly added: readonly string[];
  readonly granted: readonly string[];
}

export async function consentScopes(provider: Provider, interaction: Interaction): Promise<ConsentScopes> {
  const grant = await findGrant(provider, interaction);
  const { missingOIDCScope = [], missingResourceScopes = {} } = missingScopes(interaction.prompt);
  return {
    added: [...missingOIDCScope, ...Object.values(missingResourceScopes).flat()],
    granted: grantedScopes(grant),
  };
}

/** Adds the missing scopes to the grant, and answers its id. */
export async function approveConsent(provider: Provider, interaction: Interaction): Promise<string> {
  const grant = await findGrant(provider, interaction);
  const { missingOIDCScope = [], missingResourceScopes = {} } = missingScopes(interaction.prompt);
  if (missingOIDCScope.length > 0) grant.addOIDCScope([...missingOIDCScope]);
  for (const [resource, scopes] of Object.entries(missingResourceScopes)) grant.addResourceScope(resource, [...scopes]);
  if (Object.keys(missingResourceScopes).length > 0) await widenRequest(interaction, grant);
  return grant.save();
}

/** Step-up: whoever asks for more on top of an earlier grant gets one token for all of it. */
async function widenRequest(interaction: Interaction, grant: Grant): Promise<void> {
  const requested = String(interaction.params.scope).split(' ');
  interaction.params.scope = [...new Set([...requested, ...grantedScopes(grant)])].join(' ');
  await interaction.persist();
}

async function findGrant(provider: Provider, interaction: Interaction): Promise<Grant> {
  const existing = interaction.grantId === undefined ? undefined : await provider.Grant.find(interaction.grantId);
  if (existing) return existing;
  return new provider.Grant({
    accountId: interaction.session?.accountId,
    clientId: String(interaction.params.client_id),
  });
}

function grantedScopes(grant: Grant): string[] {
  const scopes = Object.keys(grant.resources ?? {}).flatMap((resource) => grant.getResourceScope(resource).split(' '));
  return [...new Set(scopes)].filter((scope) => scope !== '');
}

function missingScopes(prompt: PromptDetail): MissingScopes {
  return prompt.details;
}
