// SPDX-License-Identifier: GPL-2.0-only
//
// Looks through the npm package.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { output } from '../lib/output.mjs'
import { root } from '../lib/run.mjs'
import { complaintsAbout } from './contents.mjs'
import { tarball, temporary } from './projects.mjs'

test('npm pack in the repository refuses', () => {
  const options = ['pack', '--pack-destination', temporary]
  const { status, stderr } = spawnSync('npm', options, { cwd: root, encoding: 'utf8' })
  assert.notEqual(status, 0)
  assert.match(stderr, /npm run build:package/)
})

test('contents', () => {
  output('tar', ['-xzf', tarball], { cwd: temporary })
  const unpacked = join(temporary, 'package')
  const entries = readdirSync(unpacked, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const files = entries.map(({ parentPath, name }) => relative(unpacked, join(parentPath, name)))
  assert.deepEqual(complaintsAbout(unpacked, files), [])
})

test('publint', () => {
  output('npx', ['publint', 'run', tarball, '--strict'], { cwd: root })
})

test('are the types wrong', () => {
  output('npx', ['attw', tarball, '--profile', 'node16'], { cwd: root })
})
