/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file hmmu_look.h
 * Looking at a machine as a whole: who holds what, translations of CPUs, page tables, all pages in use. A part of hmmu.h,
 * which includes it. Nothing here changes the machine, waits or faults. Each call takes time in proportion to what it
 * looks at; hmmu_holders() looks at the whole machine, as hmmu_verify() does, and with the same code.
 */
#ifndef HMMU_LOOK_H
#define HMMU_LOOK_H

/** Somebody who has references to a page, or its lock. */
struct hmmu_holder {
	uint32_t
		pfn; /**< the page; of a huge page the part in question, which has its references in common with the others */
	uint32_t kind;  /**< enum hmmu_holder_kind, which says what id and at are */
	int32_t refs;   /**< references */
	uint32_t count; /**< how many such holders this stands for; a DMA_PIN of a small page is 1024 references */
	uint64_t at;    /**< of the kinds that say so, else 0 */
	uint32_t id;    /**< of the kinds that say so, else 0 */
	bool lock;      /**< has the page's lock */
};
/**
 * Who holds page @p pfn, and the huge page that it is a part of; 0: all pages. The references of all holders are
 * page_count(), unless hmmu_verify() complains. A page that is free, a page table and the zero page have no holders. A
 * migration entry and a swap entry hold no reference. Returns how many holders there are; writes at most @p capacity.
 * -EINVAL (NO_PAGE): there is no such page. -EBUSY in page_free(). -ENOMEM.
 */
HMMU_API int hmmu_holders(struct hmmu *m, uint32_t pfn, struct hmmu_holder *out, uint32_t capacity);

/** The locks of an address space that a task has, and how it waits for them. */
struct hmmu_task_locks {
	uint32_t mmap_lock; /**< enum hmmu_lock_mode: how it has mmap_sem (6.12: mmap_lock) of its process */
	uint32_t
		queue_place; /**< of those who wait for mmap_sem the ones with lower numbers came before; 0: it is not among them */
	uint32_t migrations; /**< how many migrations it has under way */
	uint64_t
		vma; /**< first address of a mapping: the task waits and has its lock for reading, or waits for it; 0: none */
};
/** The locks of a task. -ESRCH: no such task. */
HMMU_API int hmmu_task_locks(const struct hmmu *m, uint32_t tid, struct hmmu_task_locks *out);

/** A translation that a CPU keeps. */
struct hmmu_tlb_entry {
	uint64_t address; /**< of the page's first byte */
	uint32_t pid;     /**< the process */
	uint32_t pfn;     /**< the page that it leads to */
	bool write;       /**< stores need no walk of the tables */
	bool dirty;       /**< the entry was dirty when it was read */
	bool stale;       /**< the tables say something else: a flush is missing, or will come before the next access */
	bool reused;      /**< the frame was allocated anew since */
};
/** The translations of a CPU that a flush has not made void, in the order of their places. Returns how many there are;
 * writes at most @p capacity. -EINVAL: there is no such CPU. */
HMMU_API int hmmu_tlb(struct hmmu *m, uint32_t cpu, struct hmmu_tlb_entry *out, uint32_t capacity);

/** A frame that is a page table. */
struct hmmu_table {
	uint64_t base;   /**< first address that it translates */
	uint64_t entry;  /**< the entry of the table above it, as hmmu_walk() shows it; 0 for the pgd */
	uint32_t pfn;    /**< its frame */
	uint32_t level;  /**< as in hmmu_walk(): 0 pgd, 2 pud, 3 pmd, 4 pte */
	uint32_t parent; /**< the frame of the table above; 0 for the pgd */
	uint32_t used;   /**< how many of its 512 entries are not empty */
};
/** The page tables of a process, each one before those below it, in the order of addresses. A table that is deposited for the
 * split of a huge pmd translates nothing, and is not among them. Returns how many there are; writes at most @p capacity.
 * -ESRCH: no such process. */
HMMU_API int hmmu_tables(const struct hmmu *m, uint32_t pid, struct hmmu_table *out, uint32_t capacity);

/** The struct page of each frame and device page that is in use, in the order of their numbers; of a huge page each part.
 * Returns how many there are; writes at most @p capacity. */
HMMU_API int hmmu_pages(const struct hmmu *m, struct hmmu_page_info *out, uint32_t capacity);

/** A page in the LRU. */
struct hmmu_lru_page {
	uint32_t pfn;  /**< the page; of a huge page the first part */
	uint32_t list; /**< enum hmmu_lru_list */
	uint32_t cpu;  /**< of PAGEVEC: whose it is; else 0 */
	uint32_t vec;  /**< of PAGEVEC: enum hmmu_pagevec; else 0 */
};
/** The pages of all LRU lists, each from its head on, so that reclaim would take the last one first; then those of the pagevecs of
 * each CPU, in the order in which they came. A page can be in several pagevecs, and on a list besides. The unevictable
 * pages of Linux 6.12 are on no list. Returns how many there are; writes at most @p capacity. */
HMMU_API int hmmu_lru(const struct hmmu *m, struct hmmu_lru_page *out, uint32_t capacity);

#endif
