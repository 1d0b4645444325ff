/* SPDX-License-Identifier: GPL-2.0-only */
/* Engines of devices. A worker does the first job of the queue when its time has come. */
#include <kapi/engine.h>

#include <linux/kernel.h>
#include <linux/slab.h>

#include "kapi.h"
#include "lib/engine.h"
#include "task/faults.h"

/** A job of an engine. Its fence may live longer. */
struct job {
	struct list_head node;
	kapi_engine_function function;
	void *data;
	struct dma_fence *fence;
};

static unsigned long delay;

void kapi_delay_copies(uint32_t milliseconds)
{
	delay = msecs_to_jiffies(milliseconds);
}

void engines_reset(void)
{
	delay = 0;
}

static const char *engine_name(struct dma_fence *fence)
{
	(void)fence;
	return "engine";
}

static const struct dma_fence_ops fence_ops = { .get_driver_name = engine_name, .get_timeline_name = engine_name };

static void do_job(struct job *job)
{
	int err = fault_happens(KAPI_FAULT_COPY, NULL) ? -EIO : job->function(job->data);

	if (err)
		dma_fence_set_error(job->fence, err);
	dma_fence_signal(job->fence);
	dma_fence_put(job->fence);
	kfree(job->data);
	kfree(job);
}

static struct job *first_job(struct kapi_engine *engine)
{
	return list_empty(&engine->jobs) ? NULL : list_first_entry(&engine->jobs, struct job, node);
}

static void do_first_job(struct work_struct *work)
{
	struct kapi_engine *engine = container_of(to_delayed_work(work), struct kapi_engine, work);
	struct job *job = first_job(engine);

	if (!job)
		return;
	list_del(&job->node);
	do_job(job);
	if (first_job(engine))
		schedule_delayed_work(&engine->work, delay);
}

void kapi_engine_init(struct kapi_engine *engine)
{
	*engine = (struct kapi_engine){ .context = dma_fence_context_alloc(1) };
	INIT_LIST_HEAD(&engine->jobs);
	INIT_DELAYED_WORK(&engine->work, do_first_job);
	spin_lock_init(&engine->lock);
}

struct dma_fence *kapi_engine_submit(struct kapi_engine *engine, kapi_engine_function function, void *data, gfp_t gfp)
{
	struct job *job = kmalloc(sizeof(*job), gfp);
	struct dma_fence *fence = job ? kmalloc(sizeof(*fence), gfp) : NULL;

	if (!fence) {
		kfree(job);
		return NULL;
	}
	dma_fence_init(fence, &fence_ops, &engine->lock, engine->context, ++engine->seqno);
	*job = (struct job){ .function = function, .data = data, .fence = dma_fence_get(fence) };
	list_add_tail(&job->node, &engine->jobs);
	schedule_delayed_work(&engine->work, delay);
	return fence;
}

void kapi_engine_fini(struct kapi_engine *engine)
{
	while (first_job(engine))
		flush_delayed_work(&engine->work);
	flush_delayed_work(&engine->work);
}
