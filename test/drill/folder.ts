// SPDX-License-Identifier: GPL-2.0-only

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder that each test finds empty. */
export class TestFolder {
  path = ''

  /** To be made in the body of a test file. */
  constructor() {
    beforeEach(() => {
      this.path = mkdtempSync(join(tmpdir(), 'hmmu-drill-'))
    })
    afterEach(() => {
      rmSync(this.path, { recursive: true })
    })
  }

  /** Writes a file, and returns its path. */
  put(name: string, content: string | Buffer): string {
    const path = join(this.path, name)
    writeFileSync(path, content)
    return path
  }
}
