import type { MarkdownRenderer } from 'vitepress';

/** Double braces in a text are braces, as on GitHub, and no expression of Vue. */
export function plainText(md: MarkdownRenderer): void {
  for (const rule of ['text', 'code_inline'] as const) {
    const render = md.renderer.rules[rule];
    md.renderer.rules[rule] = (...of) => (render?.(...of) ?? '').replaceAll('{{', '&#123;&#123;');
  }
}
