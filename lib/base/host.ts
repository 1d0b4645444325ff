// SPDX-License-Identifier: GPL-2.0-only
//
// What the library asks of its host, besides the language: how values are shown, and numbers of errnos. Without Node they are as
// below; the Node entry (lib/native/load.ts) puts Node's own in their place.

/** As util.inspect() has them. */
export interface InspectOptions {
  depth?: number
  breakLength?: number
  maxStringLength?: number
  maxArrayLength?: number
}

export interface Host {
  inspect(value: unknown, options?: InspectOptions): string
  /** Errnos of the native addon by name. Those of the WebAssembly module are Linux's. */
  readonly errnos: Readonly<Record<string, number>>
}

/** The errnos that the core returns, as Linux numbers them: native/wasm/include/errno.h. EBADF is of calls to a machine that is gone. */
const linuxErrnos = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EIO: 5,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  EINVAL: 22,
  ENOSPC: 28,
  EMLINK: 31,
  EDEADLK: 35,
  ELOOP: 40,
  EOVERFLOW: 75,
  EOPNOTSUPP: 95,
  ECANCELED: 125,
}

/** A value in a few words. */
function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return `[Function: ${value.name || '(anonymous)'}]`
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `[ ${value.map(shown).join(', ')} ]`
  const text = String(value)
  if (!text.startsWith('[object ')) return text
  return `{ ${Object.entries(value)
    .map(([name, each]) => `${name}: ${shown(each)}`)
    .join(', ')} }`
}

const namesOf = ({ errnos }: Host) =>
  // Where two names have one number the first counts.
  new Map(
    Object.entries(errnos)
      .reverse()
      .map(([name, errno]) => [errno, name]),
  )

let host: Host = { inspect: shown, errnos: linuxErrnos }
let errnoNames = namesOf(host)

export function setHost(given: Host): void {
  host = given
  errnoNames = namesOf(given)
}

/** A value as text, as the host shows values. */
export function inspect(value: unknown, options?: InspectOptions): string {
  return host.inspect(value, options)
}

/** The name of an errno, undefined if it has none. */
export function errnoName(errno: number): string | undefined {
  return errnoNames.get(errno)
}
