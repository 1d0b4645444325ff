// SPDX-License-Identifier: GPL-2.0-only
//
// hmmu/web as one ES module, dist/web/hmmu.mjs: node scripts/build-web.mjs
import { join } from 'node:path'
import { build } from 'vite'
import { root } from './lib/run.mjs'

await build({
  root,
  configFile: false,
  publicDir: false,
  logLevel: 'warn',
  build: {
    outDir: 'dist/web',
    emptyOutDir: false,
    target: 'es2022',
    minify: false,
    lib: { entry: join(root, 'lib/web/index.mts'), formats: ['es'], fileName: () => 'hmmu.mjs' },
  },
})
