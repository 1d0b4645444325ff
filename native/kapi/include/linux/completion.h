/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_COMPLETION_H
#define _LINUX_COMPLETION_H

#include <linux/wait.h>

struct completion {
	unsigned int done;
	wait_queue_head_t wait;
};

static inline void init_completion(struct completion *completion)
{
	*completion = (struct completion){ 0 };
}
#define reinit_completion(completion) init_completion(completion)

/* Each complete() lets one waiter go on. */
static inline void complete(struct completion *completion)
{
	completion->done++;
	wake_up(&completion->wait);
}

#define wait_for_completion(completion) \
	do { \
		wait_event((completion)->wait, (completion)->done); \
		(completion)->done--; \
	} while (0)

#endif
