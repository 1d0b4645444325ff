// SPDX-License-Identifier: GPL-2.0-only
//
// Tables that are asked for a name from elsewhere.

/** What a table has under a name, without what every object has: "constructor" is no key of a table. */
export const lookUp = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined
