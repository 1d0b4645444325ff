// SPDX-License-Identifier: GPL-2.0-only

import { runSource } from '../../lib/drill'
import { Machine } from '../../lib/index'

const source = { name: 'd', file: 'd.drill', firstLine: 1, text: 'A map a anon 1\nA write a[0] 1\n' }

test('a machine out of balance ends a drill that is to be verified, and no other', () => {
  const verify = jest.spyOn(Machine.prototype, 'verify').mockReturnValue(['something is wrong'])
  try {
    expect(runSource(source, { verify: true }).failure).toMatchObject({ code: 'HMMU_DRILL_VERIFY' })
    expect(runSource(source).failure).toBeUndefined()
    expect(verify).toHaveBeenCalledTimes(1)
  } finally {
    verify.mockRestore()
  }
})
