// SPDX-License-Identifier: GPL-2.0-only

/** What a recording may have. */
export const limits = {
  /** Items that all kept steps together describe: about 200 MB of JSON. */
  items: 2 ** 21,
}
