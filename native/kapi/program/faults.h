/* SPDX-License-Identifier: GPL-2.0-only */
/** @file faults.h Each fault of a kind happens, in a run of its own. */
#ifndef KAPI_FAULTS_H
#define KAPI_FAULTS_H

#include "kapi.h"
#include "program/script.h"

/** One run, in which fault @p failing happens (0: none). Whether nothing was wrong; and how many there could have been. */
typedef bool (*run_function)(const struct script *script, uint64_t failing, uint64_t *passes);

/**
 * Run once without a fault, and once with each, each in a process of its own: a driver may crash, and what it leaves behind must not
 * reach the next run. Equal reports are printed once. The exit code of the program.
 */
int run_each_fault(const struct script *script, enum kapi_fault fault, run_function run);

#endif
