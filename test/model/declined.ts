// SPDX-License-Identifier: GPL-2.0-only

/** The model does not know what happens here, nor what follows from it. README.md lists all of these cases. */
export class Declined extends Error {}
