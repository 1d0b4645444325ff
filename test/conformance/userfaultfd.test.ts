// SPDX-License-Identifier: GPL-2.0-only
//
// Write protection by userfaultfd on Linux 6.12, as the kernel of kernel/ has printed it.

import { join } from 'node:path'
import { checkFile, findDrillFiles, listDrills } from '../../lib/drill'

/** Drills of mechanisms that are not there yet: faults on markers, and huge pmds that are split. The list only shrinks. */
const LATER = ['wp-file', 'wp-shmem', 'wp-sharedfile-empty', 'wp-thp', 'wp-thp-part', 'remap-uffd']

const drills = listDrills(findDrillFiles(join(__dirname, 'linux-6.12-userfaultfd')))

test.each([...drills.values()].flat().filter(({ name }) => !LATER.includes(name)))('$name', (source) => {
  const [result] = checkFile(source.file, [source], { verify: true })
  expect(`${result?.reason ?? ''}\n${result?.diff ?? ''}`).toBe('\n')
})
