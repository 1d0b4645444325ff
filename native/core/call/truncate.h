/* SPDX-License-Identifier: GPL-2.0-only */
/** @file truncate.h Truncation of files. Linux 6.12 */
#ifndef HMMU_TRUNCATE_H
#define HMMU_TRUNCATE_H

#include "host/machine.h"

/** A truncation is given up that waits: if its size is set, the pages behind go at once, also if somebody has locked them. */
static void truncate_give_up(struct hmmu *m, struct task *task);

#endif
