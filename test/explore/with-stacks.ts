// SPDX-License-Identifier: GPL-2.0-only

import { addonInfo } from '../../lib'

/** A test with calls that stop in their middle. WebAssembly has one stack, so there no call can. */
export const testWithStacks = addonInfo.backend === 'wasm' ? test.skip : test
