// SPDX-License-Identifier: GPL-2.0-only
//
// Files of Debian's kernel source, unpacked as they are asked for.
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { needPackages } from '../lib/debian.mjs'
import { run } from '../lib/run.mjs'

const SOURCE = '/usr/src/linux-source-6.12.tar.xz'

/**
 * Unpacks files of Linux 6.12 into a folder, unless they are there and newer than the package's archive. It takes a
 * quarter of a minute, as the archive is read up to the last of them.
 * @param folder becomes a part of the kernel's tree
 * @param files paths in the tree
 */
export function unpackTree(folder, files) {
  needPackages(['linux-source-6.12', 'xz-utils'])
  const isThere = (file) =>
    existsSync(join(folder, file)) && statSync(join(folder, file)).ctime > statSync(SOURCE).mtime
  if (files.every(isThere)) return
  mkdirSync(folder, { recursive: true })
  const names = files.map((file) => `linux-source-6.12/${file}`)
  run('tar', [
    '--use-compress-program=xz --threads=0',
    ...['-xf', SOURCE, '-C', folder, '--strip-components=1', '--occurrence=1'],
    ...names,
  ])
}
