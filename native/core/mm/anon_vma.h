/* SPDX-License-Identifier: GPL-2.0-only */
/** @file anon_vma.h The links from mappings to the pages that they share: anon_vma and anon_vma_chain. */
#ifndef HMMU_ANON_VMA_H
#define HMMU_ANON_VMA_H

#include "host/migration.h"

static int anon_vma_prepare_slow(struct ctx *ctx, u32 vma);
static inline int anon_vma_prepare(struct ctx *ctx, u32 vma)
{
	return vma_of(ctx->m, vma)->anon_vma ? 0 : anon_vma_prepare_slow(ctx, vma);
}
/** Whether no more than one mapping has it. */
static inline bool anon_vma_has_one(const struct hmmu *m, u32 anon_vma)
{
	return !avc_of(m, anon_vma_of(m, anon_vma)->tree.first)->node.next;
}
static int anon_vma_clone(struct hmmu *m, u32 dst, u32 src);
static int anon_vma_fork(struct hmmu *m, u32 vma, u32 parent);
static void unlink_anon_vmas(struct hmmu *m, u32 vma);
/** Call these before and after a change of a mapping's range. They take its avcs out of the sorted lists of their
 * anon_vmas, and insert them again after equal ones. */
static void anon_vma_pre_update(struct hmmu *m, u32 vma);
static void anon_vma_post_update(struct hmmu *m, u32 vma);
/** Hold and drop a reference to an anon_vma. */
static void get_anon_vma(struct hmmu *m, u32 anon_vma);
static void put_anon_vma(struct hmmu *m, u32 anon_vma);

#endif
