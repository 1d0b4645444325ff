/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SEQLOCK_H
#define _LINUX_SEQLOCK_H

#include <kapi/place.h>
#include <linux/spinlock.h>

/** Counts the beginnings and ends of writes: it is odd during one. Readers wait for the end, and try again after another. */
typedef struct seqcount {
	unsigned int sequence;
} seqcount_t;

#define SEQCNT_ZERO(name) \
	{ \
		.sequence = 0 \
	}
#define seqcount_init(seqcount) ((void)((seqcount)->sequence = 0))

unsigned int kapi_seqcount_begin(const seqcount_t *seqcount, const struct kapi_place *place);
void kapi_seqcount_write(seqcount_t *seqcount, bool begins, const struct kapi_place *place);
#define read_seqcount_begin(seqcount) kapi_seqcount_begin(seqcount, KAPI_HERE)
#define read_seqcount_retry(seqcount, start) ((seqcount)->sequence != (start))
#define write_seqcount_begin(seqcount) kapi_seqcount_write(seqcount, true, KAPI_HERE)
#define write_seqcount_end(seqcount) kapi_seqcount_write(seqcount, false, KAPI_HERE)

/** With the writers' lock. */
typedef struct {
	seqcount_t seqcount;
	spinlock_t lock;
} seqlock_t;

#define seqlock_init(seqlock) \
	do { \
		seqcount_init(&(seqlock)->seqcount); \
		spin_lock_init(&(seqlock)->lock); \
	} while (0)
#define read_seqbegin(seqlock) read_seqcount_begin(&(seqlock)->seqcount)
#define read_seqretry(seqlock, start) read_seqcount_retry(&(seqlock)->seqcount, start)
#define write_seqlock(seqlock) \
	do { \
		spin_lock(&(seqlock)->lock); \
		write_seqcount_begin(&(seqlock)->seqcount); \
	} while (0)
#define write_sequnlock(seqlock) \
	do { \
		write_seqcount_end(&(seqlock)->seqcount); \
		spin_unlock(&(seqlock)->lock); \
	} while (0)

#endif
