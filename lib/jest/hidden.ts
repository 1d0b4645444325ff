// SPDX-License-Identifier: GPL-2.0-only

/** Calls a hidden method of an object; undefined if it has none. */
export function hidden<T>(value: unknown, key: symbol, ...args: unknown[]): T | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const method: unknown = (value as Record<symbol, unknown>)[key]
  return typeof method === 'function' ? method.apply(value, args) : undefined
}
