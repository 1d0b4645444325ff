/* SPDX-License-Identifier: GPL-2.0-only */
/** @file fork.h What becomes of a fork() that is given up. */
#ifndef HMMU_FORK_H
#define HMMU_FORK_H

#include "host/machine.h"

/** Take down what has been copied for a child, and flush what was write-protected. */
static void fork_give_up(struct hmmu *m, const struct task *task);

#endif
