// SPDX-License-Identifier: GPL-2.0-only
//
// npm's `prepare`: `npm ci` and `npm install` build the addon and the TypeScript. `npx hmmu` prepares a checkout, too, without
// showing anything of it, and must not spend minutes on that: it runs what was built last.
import { run } from './lib/run.mjs'

if (process.env.npm_command !== 'exec') run('npm', ['run', 'build'])
