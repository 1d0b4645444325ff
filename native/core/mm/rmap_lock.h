/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file rmap_lock.h
 * The locks of reverse maps: of the root of an anon_vma, and of a file's mappings (i_mmap). Walks have one for reading. Who changes
 * the mappings in it, or splits a huge page, has it for writing.
 *
 * Nobody can look at a lock while a call runs. So it counts only while its holder has stopped: then it is in what the holder has at
 * hand. Everybody else asks for holders here. Other than in a kernel, readers do not queue behind a writer that waits.
 */
#ifndef HMMU_RMAP_LOCK_H
#define HMMU_RMAP_LOCK_H

#include "mm/stop.h"
#include "mm/vma_record.h"

/** Locks as page.mapping names an anon_vma or a file; 0: none. */
struct rmap_locks {
	u32 of[2];
};
static inline u32 rmap_of_anon_vma(u32 anon_vma)
{
	return anon_vma ? anon_vma | MAPPING_ANON : 0;
}
/** Those of the reverse maps that a mapping is in. */
static inline struct rmap_locks rmap_locks_of_vma(const struct hmmu *m, u32 vma)
{
	return (struct rmap_locks){ { vma_of(m, vma)->file, rmap_of_anon_vma(vma_of(m, vma)->anon_vma) } };
}

static NOINLINE __attribute__((cold)) void rmap_lock_wait(struct ctx *ctx, struct rmap_locks locks, bool write);
/** Wait until nobody has the locks. A call that can't stop makes their holders go on. */
static inline void rmap_lock(struct ctx *ctx, struct rmap_locks locks, bool write)
{
	if (__builtin_expect(ctx->m->stops != NULL, false))
		rmap_lock_wait(ctx, locks, write);
}
/** The same for one that changes a mapping. */
static inline void rmap_lock_vma(struct ctx *ctx, u32 vma)
{
	if (__builtin_expect(ctx->m->stops != NULL, false))
		rmap_lock_wait(ctx, rmap_locks_of_vma(ctx->m, vma), true);
}
/** The same for a call that must not stop here, as it has something at hand that it can't tell. */
static NOINLINE __attribute__((cold)) void rmap_lock_press(struct ctx *ctx, struct rmap_locks locks, bool write);
static NOINLINE __attribute__((cold)) void rmap_lock_given_up(struct ctx *ctx);
/** The call gives its lock up. */
static inline void rmap_unlock(struct ctx *ctx)
{
	if (__builtin_expect(ctx->m->stops != NULL, false))
		rmap_lock_given_up(ctx);
}
/** A task that has stopped with one of the two locks, so that they can't be taken; 0: none. */
static u32 rmap_locks_holder(const struct hmmu *m, const u32 *locks, bool write);
/** Whether the locks for which a call waits are free. */
static bool rmap_lock_available(const struct hmmu *m, const struct stop *stop);

#endif
