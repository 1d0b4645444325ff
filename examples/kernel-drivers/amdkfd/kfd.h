/* SPDX-License-Identifier: GPL-2.0-only */
/** @file kfd.h What the two parts of the surroundings share: the GPU, and the driver's processes. */
#ifndef KFD_H
#define KFD_H

#include "kfd_migrate.h"

#define GPU_MEMORY (16ul << 20)

extern struct amdgpu_device gpu;

/** The GPU comes: 0, or the error of kgd2kfd_init_zone_device(). */
int gpu_start(void);
/** Wait until the copy engine has done everything. */
void gpu_wait(void);

#endif
