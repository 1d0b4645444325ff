/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_NVIF_MEM_H
#define FAKE_NVIF_MEM_H

#include <nvif/os.h>

/** Memory of the GPU, of a push buffer. */
struct nvif_mem {
	u64 addr;
};

#endif
