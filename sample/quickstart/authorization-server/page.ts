import { createHash } from 'node:crypto';
import type { Context } from 'koa';

const style = `
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 26rem; margin: 4rem auto; padding: 0 1rem; }
  label, button { display: block; margin: 0.75rem 0; }
  input { display: block; font: inherit; width: 100%; box-sizing: border-box; padding: 0.25rem; }
  button { font: inherit; padding: 0.25rem 1rem; }
  [role='alert'] { color: #b00020; }
`;

// No `form-action`: browsers apply it to the redirect that follows a form too, and that one leads to the client.
const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Text put into a template with `html` is escaped; only markup made by `html` itself is not. */
class Markup {
  constructor(readonly text: string) {}
}

type Interpolation = string | Markup | readonly Markup[];

export function html(strings: TemplateStringsArray, ...values: readonly Interpolation[]): Markup {
  return new Markup(String.raw({ raw: strings }, ...values.map(render)));
}

function render(value: Interpolation): string {
  if (value instanceof Markup) return value.text;
  return typeof value === 'string' ? escape(value) : value.map(render).join('');
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

export function showPage(ctx: Pick<Context, 'set' | 'type' | 'body'>, title: string, content: Markup): void {
  ctx.set('Content-Security-Policy', contentSecurityPolicy);
  ctx.type = 'html';
  ctx.body = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title}</title>
        ${new Markup(`<style>${style}</style>`)}
      </head>
      <body>
        <h1>${title}</h1>
        ${content}
      </body>
    </html>`.text;
}

export function alert(message: string): Markup {
  return message === '' ? html`` : html`<p role="alert">${message}</p>`;
}
