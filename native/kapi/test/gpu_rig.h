/* SPDX-License-Identifier: GPL-2.0-only */
/** @file gpu_rig.h What tests of drivers of GPUs share: the device of an example, pages that move, and a set of what is found. */
#ifndef KAPI_GPU_RIG_H
#define KAPI_GPU_RIG_H

#include "rig.h"

#include <gpu.h>

#define PAGE 4096ull
/** A check, in a set of checks. */
#define FOUND(name) (1u << KAPI_CHECK_##name)

/** The GPU, opened by the process. */
struct gpu {
	struct rig rig;
	struct kapi_file *file;
	uint64_t argument;
	unsigned int found_at_exit; /**< in each run */
};

/** Make a machine, load the driver, and open its device. */
struct gpu gpu_open(const char *device, unsigned int found_at_exit, uint64_t seed);
/** Close it, and take everything down. Nothing is found before the exit of the module. */
void gpu_close(const struct gpu *g);
/** The same, with more that is found at the exit. */
void gpu_close_with(const struct gpu *g, unsigned int found_at_close);
/** Exactly these checks have reported something since the last call. */
void expect_found(unsigned int expected);

/** An ioctl. */
long gpu_ask(const struct gpu *g, uint32_t command, struct gpu_request *request);
/** Move pages to the GPU. */
long to_gpu(const struct gpu *g, uint64_t memory, uint64_t pages);
/** New pages with the numbers from 5 on, moved to the GPU. */
uint64_t moved_to_gpu(const struct gpu *g, uint64_t pages);
/** How many pages are in the memory of a device. */
uint32_t in_device(const struct gpu *g, uint64_t memory, uint64_t pages);
/** Expect the numbers from 5 on, by loads of the program. Returns how many pages have other contents. */
uint32_t lost_pages(const struct gpu *g, uint64_t memory, uint64_t pages);

/** What failures lead to. */
struct outcome {
	uint64_t runs;
	unsigned int found; /**< besides what is found at each exit */
	uint32_t lines;     /**< lines of sources that are reported */
	uint32_t lost;      /**< pages with other contents, in all runs */
	uint32_t signals;   /**< loads that end with a signal */
};
/** Five pages and an empty one go to the GPU and come back, while a fault happens: each in a run of its own, until one is not
 * reached. */
struct outcome fail_in_turn(const char *device, unsigned int found_at_exit, enum kapi_fault fault);

#endif
