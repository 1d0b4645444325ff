// SPDX-License-Identifier: GPL-2.0-only
//
// Which addon was loaded, relative to the package.
const { dirname, relative } = require('node:path')
const { addonInfo } = require('hmmu')

console.log(relative(dirname(require.resolve('hmmu/package.json')), addonInfo.path))
