/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file engine.h
 * An engine of a device, such as one that copies: for the fakes of a driver's surroundings. It does its jobs one after the
 * other, later than they are submitted. The program that runs the driver decides how late, and which of them fail:
 * kapi_delay_copies(), KAPI_FAULT_COPY.
 */
#ifndef KAPI_ENGINE_H
#define KAPI_ENGINE_H

#include <linux/dma-fence.h>
#include <linux/workqueue.h>

/** An engine. */
struct kapi_engine {
	struct list_head jobs;
	struct delayed_work work;
	spinlock_t lock;
	u64 context;
	u64 seqno;
};

/** What an engine does. A negative errno becomes the fence's error. */
typedef int (*kapi_engine_function)(void *data);

void kapi_engine_init(struct kapi_engine *engine);
/** Queue a job. The fence that signals its end is the caller's. @p data is memory of kmalloc(), which belongs to the job from
 * now on. NULL: there is no memory, and @p data is the caller's still. */
struct dma_fence *kapi_engine_submit(struct kapi_engine *engine, kapi_engine_function function, void *data, gfp_t gfp);
/** Wait until all jobs are done. */
void kapi_engine_fini(struct kapi_engine *engine);

#endif
