// SPDX-License-Identifier: GPL-2.0-only

/** Returned by a native call during which a callback threw. takeException() has the exception. */
export const THROWN = -(2 ** 31)
