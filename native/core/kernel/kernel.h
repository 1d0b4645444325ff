/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file kernel.h
 * The kernels that a machine can be. The floors from page/ to machine/ are compiled once for each of them, by a file of
 * this folder (v4_14.c) that defines KERNEL. A difference of a few lines asks KERNEL, which is a constant:
 * `if (KERNEL >= V6_12)`. So both sides are compiled and checked, and the wrong one costs nothing.
 */
#ifndef HMMU_KERNEL_H
#define HMMU_KERNEL_H

#include "hmmu/hmmu.h"
#include "kernel/calls.h"

#define V4_14 414
#define V6_12 612

/** What the public functions are on one kernel: hmmu_NAME() calls NAME of the machine's kernel (dispatch.c). */
struct kernel_ops {
	int (*create)(const struct hmmu_options *options, struct hmmu **machine);
	int (*destroy)(struct hmmu *m);
	int (*restore_with)(const void *bytes, size_t size, uint32_t flags, struct hmmu **machine,
			    struct hmmu_error *error);
	const struct hmmu_migrate_ops *builtin_ops; /**< the built-in driver */
#define X(type, name, parameters, arguments) type(*name) parameters;
	MACHINE_CALLS(X)
	MIGRATION_CALLS(X)
#undef X
};

#define X(name, value, word, kernel, quirks, text) extern const struct kernel_ops kernel_##kernel;
HMMU_PROFILES(X)
#undef X

#endif
