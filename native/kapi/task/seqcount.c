/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/seqlock.h>

#include "log/report.h"
#include "task/thread.h"

static bool is_even(void *data)
{
	return !(((const seqcount_t *)data)->sequence & 1);
}

/* A kernel's reader spins; here the writer runs meanwhile. */
unsigned int kapi_seqcount_begin(const seqcount_t *seqcount, const struct kapi_place *place)
{
	thread_wait(is_even, (void *)seqcount, "the end of a write under a seqcount", place);
	return seqcount->sequence;
}

void kapi_seqcount_write(seqcount_t *seqcount, bool begins, const struct kapi_place *place)
{
	if ((seqcount->sequence & 1) == begins)
		report(KAPI_CHECK_BAD_CALL, place,
		       begins ? "write_seqcount_begin() while another write goes on"
			      : "write_seqcount_end() without a write");
	seqcount->sequence++;
}
