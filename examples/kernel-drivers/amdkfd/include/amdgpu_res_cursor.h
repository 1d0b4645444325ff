/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_AMDGPU_RES_CURSOR_H
#define FAKE_AMDGPU_RES_CURSOR_H

#include <linux/kernel.h>

/** Memory of the GPU, in two blocks. */
struct ttm_resource {
	u64 start[2];
	u64 size[2];
};

/** A walk through it: the rest of the block, and of everything. */
struct amdgpu_res_cursor {
	u64 start;
	u64 size;
	u64 remaining;
	const struct ttm_resource *resource;
	unsigned int block;
};

void amdgpu_res_first(const struct ttm_resource *resource, u64 start, u64 size, struct amdgpu_res_cursor *cursor);
void amdgpu_res_next(struct amdgpu_res_cursor *cursor, u64 size);

#endif
