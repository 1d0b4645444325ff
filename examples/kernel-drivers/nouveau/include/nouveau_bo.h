/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_NOUVEAU_BO_H
#define FAKE_NOUVEAU_BO_H

#include <nvif/os.h>

struct dma_resv;
struct nouveau_cli;
struct sg_table;

#define NOUVEAU_GEM_DOMAIN_VRAM (1 << 1)

/** A piece of the GPU's memory. */
struct nouveau_bo {
	u64 offset;
	int pins;
};

int nouveau_bo_new(struct nouveau_cli *client, u64 size, int align, u32 domain, u32 tile_mode, u32 tile_flags,
		   struct sg_table *table, struct dma_resv *reservation, struct nouveau_bo **bo);
int nouveau_bo_pin(struct nouveau_bo *bo, u32 domain, bool contiguous);
int nouveau_bo_unpin(struct nouveau_bo *bo);
void nouveau_bo_fini(struct nouveau_bo *bo);

#endif
