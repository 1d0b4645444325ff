// SPDX-License-Identifier: GPL-2.0-only

/** The model can't predict this case, or anything after it. README.md lists all such cases. */
export class Declined extends Error {}
