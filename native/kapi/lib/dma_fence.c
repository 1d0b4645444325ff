/* SPDX-License-Identifier: GPL-2.0-only */
/* Fences. Those who wait go on, and callbacks are called, when it is signaled. */
#include <linux/dma-fence.h>

#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "log/report.h"

void dma_fence_init(struct dma_fence *fence, const struct dma_fence_ops *ops, spinlock_t *lock, u64 context, u64 seqno)
{
	*fence = (struct dma_fence){ .lock = lock, .ops = ops, .context = context, .seqno = seqno };
	kref_init(&fence->refcount);
	INIT_LIST_HEAD(&fence->cb_list);
}

u64 dma_fence_context_alloc(unsigned int count)
{
	static u64 next = 1;

	next += count;
	return next - count;
}

/* A callback may free what it is a part of. */
int dma_fence_signal_locked(struct dma_fence *fence)
{
	if (fence->kapi_signaled)
		return -EINVAL;
	fence->kapi_signaled = true;
	wake_up(&fence->kapi_waiters);
	while (!list_empty(&fence->cb_list)) {
		struct dma_fence_cb *callback = list_first_entry(&fence->cb_list, struct dma_fence_cb, node);

		list_del_init(&callback->node);
		callback->func(fence, callback);
	}
	return 0;
}

int dma_fence_signal(struct dma_fence *fence)
{
	int err;

	spin_lock(fence->lock);
	err = dma_fence_signal_locked(fence);
	spin_unlock(fence->lock);
	return err;
}

void kapi_dma_fence_set_error(struct dma_fence *fence, int error, const struct kapi_place *place)
{
	if (fence->kapi_signaled || error >= 0)
		report(KAPI_CHECK_BAD_CALL, place,
		       "dma_fence_set_error() needs a fence that is not signaled, and an error");
	else
		fence->error = error;
}

int dma_fence_get_status(struct dma_fence *fence)
{
	if (!fence->kapi_signaled)
		return 0;
	return fence->error ? fence->error : 1;
}

int dma_fence_add_callback(struct dma_fence *fence, struct dma_fence_cb *callback, dma_fence_func_t function)
{
	INIT_LIST_HEAD(&callback->node);
	if (fence->kapi_signaled)
		return -ENOENT;
	callback->func = function;
	list_add_tail(&callback->node, &fence->cb_list);
	return 0;
}

bool dma_fence_remove_callback(struct dma_fence *fence, struct dma_fence_cb *callback)
{
	bool is_there = !list_empty(&callback->node);

	(void)fence;
	if (is_there)
		list_del_init(&callback->node);
	return is_there;
}

static void release(struct kref *kref)
{
	struct dma_fence *fence = container_of(kref, struct dma_fence, refcount);

	if (fence->ops->release)
		fence->ops->release(fence);
	else
		kfree(fence);
}

void kapi_dma_fence_put(struct dma_fence *fence, const struct kapi_place *place)
{
	if (!fence)
		return;
	if (kref_read(&fence->refcount) == 1 && !list_empty(&fence->cb_list))
		report(KAPI_CHECK_BAD_PUT, place,
		       "the last reference of a fence goes, and somebody still waits for it");
	kapi_kref_put(&fence->refcount, release, place);
}

long kapi_dma_fence_wait(struct dma_fence *fence, long timeout, const struct kapi_place *place)
{
	unsigned long left = (unsigned long)timeout;

	kapi_might_sleep(place);
	while (!fence->kapi_signaled && left)
		left = kapi_wait(&fence->kapi_waiters, left, place);
	return fence->kapi_signaled && !left ? 1 : (long)left;
}
