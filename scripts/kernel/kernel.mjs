// SPDX-License-Identifier: GPL-2.0-only
//
// The kernel of kernel/, in a folder to build in.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { needPackages } from '../lib/debian.mjs'
import { root, run } from '../lib/run.mjs'

const PACKAGES = ['linux-source-6.12', 'gcc', 'make', 'flex', 'bison', 'bc', 'libc6-dev', 'libelf-dev', 'xz-utils']
const SOURCE = '/usr/src/linux-source-6.12.tar.xz'

/** A hash of all that the kernel is made of. */
function hashOfSources() {
  const hash = createHash('sha256')
  const module = readdirSync(`${root}/kernel/module`).sort()
  const files = [SOURCE, ...['build', 'config', ...module.map((name) => `module/${name}`)].map(inKernel)]
  for (const file of files) {
    const bytes = readFileSync(file)
    hash.update(`${file.replace(root, '')}\0${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex')
}

function inKernel(name) {
  return `${root}/kernel/${name}`
}

/**
 * Builds the kernel, unless the folder has one of equal sources. Returns the path of the bzImage.
 * @param folder build-kernel if absent
 */
export function buildKernel(folder = `${root}/build-kernel`) {
  needPackages(PACKAGES)
  const build = resolve(folder)
  const image = join(build, 'bzImage')
  const stamp = join(build, 'sources.sha256')
  const sources = hashOfSources()
  if (existsSync(image) && existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) {
    console.log(`${image}: built of these sources before`)
    return image
  }
  mkdirSync(build, { recursive: true })
  rmSync(stamp, { force: true })
  run(inKernel('build'), [SOURCE, build])
  writeFileSync(stamp, sources)
  console.log(image)
  return image
}
