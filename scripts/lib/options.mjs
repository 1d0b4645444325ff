// SPDX-License-Identifier: GPL-2.0-only
//
// Values of options.
import { InvalidArgumentError } from 'commander'

/** A parser of whole numbers that are at least `least`. */
export function wholeNumber(least) {
  return (text) => {
    const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN
    if (Number.isSafeInteger(value) && value >= least) return value
    throw new InvalidArgumentError(`expected a whole number, at least ${least}`)
  }
}
