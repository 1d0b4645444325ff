/* SPDX-License-Identifier: GPL-2.0-only */
/** @file gpu.h What programs ask of a GPU, the device of an example. Tests and scripts use it. */
#ifndef GPU_H
#define GPU_H

#include <linux/ioctl.h>
#include <linux/types.h>

/** A range of the program's memory, or a word of it. */
struct gpu_request {
	__u64 address;
	__u64 size;
	__u32 value;
	__u32 in_memory; /**< of the GPU */
};

/** Move a range to the GPU's memory, as far as it can be moved: DRM_NOUVEAU_SVM_BIND, or a prefetch of amdkfd. */
#define GPU_MIGRATE _IOW('N', 1, struct gpu_request)
/** Move everything back. Of amdkfd alone. */
#define GPU_EVICT _IO('N', 5)
/** The GPU reads a word, by its own page table. in_memory is 0 if it has no entry; then nothing is read. Of nouveau alone, as the next two. */
#define GPU_READ _IOWR('N', 2, struct gpu_request)
/** The GPU writes a word. */
#define GPU_WRITE _IOWR('N', 3, struct gpu_request)
/** Waits of the channel for room in its push buffer fail from now on, if @p value is not 0. */
#define GPU_HANG _IOW('N', 4, struct gpu_request)

#endif
