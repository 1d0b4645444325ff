// SPDX-License-Identifier: GPL-2.0-only

import { defineConfig } from 'vite'

/** Modules of lib/ only define things: what the page does not use is left out. */
const rolldownOptions = { treeshake: { moduleSideEffects: [{ test: /\/lib\//, sideEffects: false }] } }

/** The page as static files that work from any folder: all addresses are relative. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: { outDir: '../dist/site', emptyOutDir: true, target: 'es2022', rolldownOptions },
})
