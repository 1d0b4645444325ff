/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_COMPLETION_H
#define _LINUX_COMPLETION_H

#include <linux/limits.h>
#include <linux/wait.h>

struct completion {
	unsigned int done; /**< UINT_MAX: for all that ever wait */
	wait_queue_head_t wait;
};

#define DECLARE_COMPLETION(name) struct completion name = { 0 }
#define DECLARE_COMPLETION_ONSTACK(name) DECLARE_COMPLETION(name)

static inline void init_completion(struct completion *completion)
{
	*completion = (struct completion){ 0 };
}

/* Those who wait go on to do so. */
static inline void reinit_completion(struct completion *completion)
{
	completion->done = 0;
}

/* Each complete() lets one waiter go on. */
static inline void complete(struct completion *completion)
{
	if (completion->done != UINT_MAX)
		completion->done++;
	wake_up(&completion->wait);
}

static inline void complete_all(struct completion *completion)
{
	completion->done = UINT_MAX;
	wake_up(&completion->wait);
}

static inline bool completion_done(const struct completion *completion)
{
	return completion->done;
}

/** Wait for it without sleeping: true if it is done. */
static inline bool try_wait_for_completion(struct completion *completion)
{
	if (!completion->done)
		return false;
	if (completion->done != UINT_MAX)
		completion->done--;
	return true;
}

#define wait_for_completion(completion) wait_event((completion)->wait, try_wait_for_completion(completion))
/* Evaluates to the ticks that are left, at least 1; to 0 if the time is over. */
#define wait_for_completion_timeout(completion, timeout) \
	((unsigned long)wait_event_timeout((completion)->wait, try_wait_for_completion(completion), timeout))
/* No signals are emulated. */
#define wait_for_completion_interruptible(completion) \
	wait_event_interruptible((completion)->wait, try_wait_for_completion(completion))
#define wait_for_completion_killable(completion) wait_for_completion_interruptible(completion)
#define wait_for_completion_interruptible_timeout(completion, timeout) \
	((long)wait_for_completion_timeout(completion, timeout))

#endif
