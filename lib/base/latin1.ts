// SPDX-License-Identifier: GPL-2.0-only

/** Bytes as a string, a character each. A call can't have any number of arguments. */
export function latin1(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096))
  return text
}
