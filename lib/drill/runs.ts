// SPDX-License-Identifier: GPL-2.0-only

/** Results a page, run-length encoded: `[0-7] X [8] Y`. Pages are added in ascending order. */
export class Runs {
  readonly #parts: string[] = []
  #first = 0
  #last = 0
  #result: string | undefined
  #distinct = 0

  add(page: number, result: string): void {
    if (result === this.#result && page === this.#last + 1) {
      this.#last = page
      return
    }
    this.#close()
    this.#distinct += 1
    this.#first = page
    this.#last = page
    this.#result = result
  }

  /** Whether every page that was added has this result. */
  isAll(result: string): boolean {
    return this.#distinct === 0 || (this.#distinct === 1 && this.#result === result)
  }

  toString(): string {
    this.#close()
    return this.#parts.join(' ')
  }

  #close(): void {
    if (this.#result !== undefined) this.#parts.push(`${pageRange(this.#first, this.#last)} ${this.#result}`)
    this.#result = undefined
  }
}

/** `[3]` or `[2-5]` */
export function pageRange(first: number, last: number): string {
  return first === last ? `[${first}]` : `[${first}-${last}]`
}
