import type { Mermaid } from 'mermaid';
import { useData, withBase } from 'vitepress/client';
import { defineComponent, h, onMounted, ref, useId, watch } from 'vue';

/** The build of the site copies Mermaid. While pages are written, Vite serves it. */
async function load(): Promise<Mermaid> {
  if (import.meta.env.DEV) return (await import('mermaid')).default;
  const address = withBase('/mermaid/mermaid.esm.min.mjs');
  const { default: mermaid } = (await import(/* @vite-ignore */ address)) as { readonly default: Mermaid };
  return mermaid;
}

/** A picture that Mermaid draws, in the colours of the theme. Without JavaScript the reader sees its source. */
export const MermaidPicture = defineComponent({
  props: { source: { type: String, required: true } },
  setup(props) {
    const { isDark } = useData();
    const id = `mermaid-${useId()}`;
    const source = decodeURIComponent(props.source);
    const svg = ref<string>();

    async function draw(): Promise<void> {
      const mermaid = await load();
      mermaid.initialize({
        startOnLoad: false,
        securityLevel: 'strict',
        theme: isDark.value ? 'dark' : 'default',
        fontFamily: 'inherit',
        sequence: { mirrorActors: false },
      });
      svg.value = (await mermaid.render(id, source)).svg;
    }

    onMounted(draw);
    watch(isDark, draw);
    return () =>
      svg.value === undefined
        ? h('pre', { class: 'mermaid-source' }, source)
        : h('div', { class: 'mermaid-picture', innerHTML: svg.value });
  },
});
