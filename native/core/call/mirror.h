/* SPDX-License-Identifier: GPL-2.0-only */
/** @file mirror.h hmmu_mirror(): the usual loop around hmm_range_fault(). Linux 6.12. */
#ifndef HMMU_CALL_MIRROR_H
#define HMMU_CALL_MIRROR_H

#include "host/machine.h"

/** The task gives up a blocked hmmu_mirror(): the call's interval is removed. */
static void mirror_give_up(struct hmmu *m, const struct task *task);

#endif
