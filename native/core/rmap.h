/* SPDX-License-Identifier: GPL-2.0-only */
/** @file rmap.h Reverse maps: anon_vma.c, rmap.c (map counts), rmap_walk.c, try_to_unmap.c. */
#ifndef HMMU_RMAP_H
#define HMMU_RMAP_H

#include "mm.h"

/** @name anon_vma.c
 * @{ */
int anon_vma_prepare(struct hmmu *m, u32 vma);
int anon_vma_clone(struct hmmu *m, u32 dst, u32 src);
int anon_vma_fork(struct hmmu *m, u32 vma, u32 parent);
void unlink_anon_vmas(struct hmmu *m, u32 vma);
/** Around a change of a mapping's range: its avcs leave the order of their anon_vmas, and come back behind equals. */
void anon_vma_pre_update(struct hmmu *m, u32 vma);
void anon_vma_post_update(struct hmmu *m, u32 vma);
/** Keep an anon_vma while its page is worked on. */
void get_anon_vma(struct hmmu *m, u32 anon_vma);
void put_anon_vma(struct hmmu *m, u32 anon_vma);
/** @} */

/** @name rmap.c
 * @{ */
void page_add_new_anon_rmap(struct hmmu *m, u32 pfn, u32 vma, u64 address, bool compound);
void page_add_anon_rmap(struct hmmu *m, u32 pfn, u32 vma, u64 address, bool exclusive, bool compound);
void page_add_file_rmap(struct hmmu *m, u32 pfn);
void page_move_anon_rmap(struct hmmu *m, u32 pfn, u32 vma);
/** fork() adds a mapping. */
void page_dup_rmap(struct hmmu *m, u32 pfn, bool compound);
void page_remove_rmap(struct hmmu *m, u32 cpu, u32 pfn, bool compound);
/** @} */

/** @name rmap_walk.c
 * @{ */
/** Where a page is mapped in one mapping: page_vma_mapped_walk(). Zero the record, set the first four fields. */
struct page_vma_mapped_walk {
	u32 page;
	u32 vma;
	u64 address;
	u32 flags; /**< enum pvmw_flag */
	u64 *pmd;
	u64 *pte; /**< NULL: mapped by the huge pmd */
	bool locked;
};
enum pvmw_flag {
	PVMW_SYNC = 1,      /**< look at every entry under the table's lock */
	PVMW_MIGRATION = 2, /**< look for migration entries */
};
/** The next place; the table is locked while it returns true. */
bool page_vma_mapped_walk(struct hmmu *m, struct page_vma_mapped_walk *pvmw);
void page_vma_mapped_walk_done(struct hmmu *m, struct page_vma_mapped_walk *pvmw);

/** rmap_walk(): all mappings that may map a page. */
struct rmap_walk_control {
	/** One mapping; false ends the walk. */
	bool (*rmap_one)(struct ctx *ctx, u32 pfn, u32 vma, u64 address, void *arg);
	/** Whether nothing is left to find. May be NULL. */
	bool (*done)(struct hmmu *m, u32 pfn);
	void *arg;
};
void rmap_walk(struct ctx *ctx, u32 pfn, const struct rmap_walk_control *rwc);
/** @} */

/** @name try_to_unmap.c
 * @{ */
enum ttu_flags {
	TTU_MIGRATION = 1,
	TTU_MUNLOCK = 2,
	TTU_SPLIT_HUGE_PMD = 4,
	TTU_IGNORE_MLOCK = 8,
	TTU_IGNORE_ACCESS = 16,
	TTU_SPLIT_FREEZE = 32,
};
/** Turn the ptes of a page into what the flags say; true if none is left. */
bool try_to_unmap(struct ctx *ctx, u32 pfn, u32 flags);
/** Look for a locked mapping of a page, to mlock it again. */
void try_to_munlock(struct ctx *ctx, u32 pfn);
/** Turn the migration entries of a page into entries of another (or the same), in all mappings; in one. */
void remove_migration_ptes(struct ctx *ctx, u32 old_pfn, u32 new_pfn);
bool remove_migration_pte(struct ctx *ctx, u32 new_pfn, u32 vma, u64 address, u32 old_pfn);
/** @} */

#endif
