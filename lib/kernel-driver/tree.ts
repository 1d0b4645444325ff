// SPDX-License-Identifier: GPL-2.0-only
//
// A kernel's source tree, and files in it.

import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { KernelDriverError } from './errors'

/** The version of Linux whose drivers are built. */
export const KERNEL_VERSION = '6.12'

/** Characters that mean something to cmake, make or a shell. */
const UNSAFE = /[^\w./+,=@%~ -]/

/** A tree, or a part of it, has at least one of these. */
const TREE_ENTRIES = ['Makefile', 'arch', 'drivers', 'fs', 'include', 'kernel', 'lib', 'mm', 'net', 'sound', 'tools']

/** The path of a kernel's tree. @throws KernelDriverError if it is none, or of another version */
export function kernelTree(path: string): string {
  const tree = safePath(path)
  if (!statSync(tree, { throwIfNoEntry: false })?.isDirectory())
    throw new KernelDriverError('HMMU_DRIVER_FILE', `${path}: there is no such folder`)
  if (!TREE_ENTRIES.some((name) => existsSync(join(tree, name))))
    throw new KernelDriverError('HMMU_DRIVER_TREE', `${path}: is no source tree of Linux, and no part of one`)
  const version = versionOf(tree)
  if (version !== undefined && version !== KERNEL_VERSION) {
    const reason = `${path}: is Linux ${version}; drivers of Linux ${KERNEL_VERSION} can be built`
    throw new KernelDriverError('HMMU_DRIVER_TREE', reason)
  }
  return tree
}

/** The version that the Makefile names. Undefined without one: the tree is a part. */
function versionOf(tree: string): string | undefined {
  const makefile = join(tree, 'Makefile')
  if (!statSync(makefile, { throwIfNoEntry: false })?.isFile()) return undefined
  const text = readFileSync(makefile, 'utf8')
  const number = (name: string) => new RegExp(`^${name} *= *(\\d+)`, 'm').exec(text)?.[1] ?? '?'
  return `${number('VERSION')}.${number('PATCHLEVEL')}`
}

/** The absolute path of a source: in the tree, or else in the current folder. @throws KernelDriverError */
export function sourcePath(file: string, tree: string | undefined): string {
  const places = [...(tree === undefined ? [] : [resolve(tree, file)]), resolve(file)]
  const found = places.find((place) => statSync(place, { throwIfNoEntry: false })?.isFile())
  if (found !== undefined) return safePath(found, file)
  const where = tree === undefined ? '' : ', neither in the tree nor in this folder'
  throw new KernelDriverError('HMMU_DRIVER_FILE', `${file}: there is no such file${where}`)
}

/** An absolute path with which builds can cope; errors show it as it was given. @throws KernelDriverError */
export function safePath(path: string, shown = path): string {
  const absolute = resolve(path)
  const [found] = UNSAFE.exec(absolute) ?? []
  if (found === undefined) return absolute
  throw new KernelDriverError('HMMU_DRIVER_FILE', `${shown}: builds can't cope with '${found}' in a path`)
}

/** A path as reports show it: in the tree, or in the current folder. */
export function shownPath(path: string, tree: string | undefined): string {
  const folders = [...(tree === undefined ? [] : [tree]), process.cwd()]
  const inside = folders.map((folder) => relative(folder, path)).find((shown) => !shown.startsWith('..'))
  return inside ?? path
}
