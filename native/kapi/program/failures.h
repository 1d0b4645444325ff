/* SPDX-License-Identifier: GPL-2.0-only */
/** @file failures.h Each allocation fails, in a run of its own. */
#ifndef KAPI_FAILURES_H
#define KAPI_FAILURES_H

#include "program/script.h"

/** One run, in which allocation @p failing fails (0: none). Whether nothing was wrong. */
typedef bool (*run_function)(const struct script *script, uint64_t failing, uint64_t *allocations);

/**
 * Run once without a failure, and once with each allocation failing, each in a process of its own: a driver may crash, and what
 * it leaves behind must not reach the next run. Equal reports are printed once. The exit code of the program.
 */
int fail_each_allocation(const struct script *script, run_function run);

#endif
