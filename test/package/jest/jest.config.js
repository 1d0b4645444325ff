// SPDX-License-Identifier: GPL-2.0-only

module.exports = { setupFilesAfterEnv: ['hmmu/jest'] }
