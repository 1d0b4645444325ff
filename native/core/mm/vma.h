/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file vma.h
 * Changing mappings: vma.c, and vma_tree.c, which finds them by address. vma_record.h has what one record tells.
 */
#ifndef HMMU_VMA_H
#define HMMU_VMA_H

#include "host/arena.h"
#include "host/inject.h"
#include "mm/vma_record.h"

struct ctx;

/** The first mapping that ends above the address, or 0. */
static u32 find_vma_slow(const struct hmmu *m, u32 mm, u64 address);
static inline u32 find_vma(const struct hmmu *m, u32 mm, u64 address)
{
	u32 last = lookup_of(m, mm)->vma;

	if (SHORTCUTS && last && vma_of(m, last)->start <= address && address < vma_of(m, last)->end)
		return last;
	return find_vma_slow(m, mm, address);
}
/** The mapping that contains the address, or 0. */
static inline u32 vma_at(const struct hmmu *m, u32 mm, u64 address)
{
	u32 vma = find_vma(m, mm, address);

	return vma && vma_of(m, vma)->start <= address ? vma : 0;
}
/** What gives the search tree its shape: that of a mapping is above those below it. */
static u32 vma_priority(u32 vma);
static void vma_tree_insert(struct hmmu *m, u32 vma);
static void vma_tree_remove(struct hmmu *m, u32 vma);
/** Add a mapping to its mm and to its file. Its range must be free. */
static void vma_link(struct hmmu *m, u32 vma);
/** A zeroed record, which no writer has marked, or 0. */
static inline u32 vma_alloc(struct hmmu *m)
{
	u32 vma = should_fail(m, HMMU_INJECT_VMA) ? 0 : slab_alloc(m, SLAB_VMA);

	if (KERNEL >= V6_12)
		m->vm_lock_seq[vma] = 0;
	return vma;
}
/** vm_area_dup(): the copy of a marked mapping is marked, too. Its places in lists and trees are the caller's to make. */
static inline void vma_copy(struct hmmu *m, u32 to, u32 from)
{
	*vma_of(m, to) = *vma_of(m, from);
	if (KERNEL >= V6_12)
		m->vm_lock_seq[to] = m->vm_lock_seq[from];
}
/** Free a mapping. Its pages must be unmapped. */
static void vma_free(struct ctx *ctx, u32 vma);
static u32 vma_last(const struct hmmu *m, u32 mm);
/** vm_get_page_prot(): protection of ptes, from flags. */
static u64 vm_get_page_prot(u32 flags);
static bool vma_wants_writenotify(const struct hmmu *m, u32 vma, u64 page_prot);
static void vma_set_page_prot(struct hmmu *m, u32 vma);
/** Give a mapping flags that differ in userfaultfd's modes, with the protection that goes with them. */
static void userfaultfd_set_vm_flags(struct hmmu *m, u32 vma, u32 flags);
/** dup_userfaultfd(), mremap_userfaultfd_prep(): a mapping that is registered with no userfaultfd. */
static void userfaultfd_reset(struct hmmu *m, u32 vma);
/** Cut a mapping in two at an address within it; with @p new_below the new mapping is the lower one. */
static int split_vma(struct ctx *ctx, u32 vma, u64 address, bool new_below);
/** Split a mapping so that [start, end) is one of its own; @p vma is then that one. */
static int vma_cut_out(struct ctx *ctx, u32 vma, u64 start, u64 end);
/** The mapping that [start, end) becomes part of when it has these flags, or 0 if it can't be merged. */
static u32 vma_merge(struct ctx *ctx, u32 prev, u64 start, u64 end, u32 flags, u32 anon_vma, u32 file, u64 pgoff,
		     u32 kind);
/** Give [start, end) of a mapping other flags by merging or splitting; @p *vma is then the mapping that has them. */
static int vma_change_flags(struct ctx *ctx, u32 *vma, u32 prev, u64 start, u64 end, u32 flags);
/** Let a mapping end later, where nothing is in the way. */
static void vma_expand(struct ctx *ctx, u32 vma, u64 end);

#endif
