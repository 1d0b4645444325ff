/* SPDX-License-Identifier: GPL-2.0-only */
/** @file state_hash.h The hash of a machine's state: what its parts have in common. */
#ifndef HMMU_STATE_HASH_H
#define HMMU_STATE_HASH_H

#include "machine/numbering.h"
#include "machine/snapshot.h"

struct hasher {
	struct hmmu *m;
	struct numbering *numbering;
	u64 hash;
};

static inline void hash_word(struct hasher *h, u64 word)
{
	h->hash = mix(h->hash, word);
}
/** Two numbers as one word. */
static inline void hash_pair(struct hasher *h, u32 high, u32 low)
{
	hash_word(h, (u64)high << 32 | low);
}

/** @name The number of a record, 0 for none. A record that gets its number now is hashed.
 * @{ */
static NOINLINE u32 hash_new_page(struct hasher *h, u32 pfn);
static inline u32 page_number(struct hasher *h, u32 pfn)
{
	u32 number = pfn ? number_known(h->numbering, NUMBERED_PAGES, pfn) : 0;

	return number || !pfn ? number : hash_new_page(h, pfn);
}
static NOINLINE u32 hash_new_anon_vma(struct hasher *h, u32 anon_vma);
static inline u32 anon_vma_number(struct hasher *h, u32 anon_vma)
{
	u32 number = anon_vma ? number_known(h->numbering, NUMBERED_ANON_VMAS, anon_vma) : 0;

	return number || !anon_vma ? number : hash_new_anon_vma(h, anon_vma);
}
static u32 file_number(struct hasher *h, u32 file);
static u32 slot_number(struct hasher *h, u32 slot);
/** @} */
/** Pages and swap slots to which nothing leads that was hashed so far, in any order; and free device pages. */
static void hash_other_pages(struct hasher *h);

#endif
