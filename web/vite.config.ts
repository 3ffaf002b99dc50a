import { basename } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/**
 * GraphiQL carries its fonts as data: URLs inside its style sheet. As files the
 * policy needs no `font-src data:`, and a browser loads only those it shows.
 */
const fontsAsFiles: Plugin = {
  name: 'fonts-as-files',
  apply: 'build',
  enforce: 'post',
  generateBundle(_options, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type !== 'asset' || !file.fileName.endsWith('.css')) continue
      file.source = String(file.source).replace(
        /url\(["']?data:font\/(\w+);base64,([^)"']+)["']?\)/g,
        (_match, kind: string, data: string) => {
          const font = this.emitFile({ type: 'asset', name: `font.${kind}`, source: Buffer.from(data, 'base64') })
          return `url(${basename(this.getFileName(font))})`
        },
      )
    }
  },
}

export default defineConfig({
  base: '/playground/',
  plugins: [react(), fontsAsFiles],
  build: {
    outDir: '../internal/console/dist',
    emptyOutDir: true, // public/.gitkeep puts back what go:embed needs
    license: { fileName: 'licenses.md' }, // the licences of what is bundled ask to travel with it
    chunkSizeWarningLimit: 4000, // kB; the Monaco editor is one large chunk
    rolldownOptions: { checks: { moduleLevelDirective: false } }, // "use no memo" speaks to a compiler that has run
  },
  worker: { format: 'es' },
  // `npm run dev` cannot bundle ahead what imports workers.
  optimizeDeps: { exclude: ['graphiql/setup-workers/vite', '@graphiql/react/setup-workers/vite'] },
  server: { proxy: { '/graphql': 'http://127.0.0.1:8080' } },
})
