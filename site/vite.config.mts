// SPDX-License-Identifier: GPL-2.0-only

import { defineConfig } from 'vite'

/** The page as static files that work from any folder: all addresses are relative. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: { outDir: '../dist/site', emptyOutDir: true, target: 'es2022' },
})
