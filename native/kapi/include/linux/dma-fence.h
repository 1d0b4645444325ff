/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_DMA_FENCE_H
#define _LINUX_DMA_FENCE_H

#include <kapi/place.h>
#include <linux/err.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

struct dma_fence;
struct dma_fence_cb;
typedef void (*dma_fence_func_t)(struct dma_fence *fence, struct dma_fence_cb *callback);

struct dma_fence_cb {
	struct list_head node;
	dma_fence_func_t func;
};

struct dma_fence_ops {
	const char *(*get_driver_name)(struct dma_fence *fence);
	const char *(*get_timeline_name)(struct dma_fence *fence);
	void (*release)(struct dma_fence *fence); /**< NULL: kfree() */
};

/** The end of something that a device does. It comes once. */
struct dma_fence {
	spinlock_t *lock;
	const struct dma_fence_ops *ops;
	struct list_head cb_list;
	u64 context;
	u64 seqno;
	struct kref refcount;
	int error;
	bool kapi_signaled;
	wait_queue_head_t kapi_waiters;
};

void dma_fence_init(struct dma_fence *fence, const struct dma_fence_ops *ops, spinlock_t *lock, u64 context, u64 seqno);
/** The first of @p count numbers that nobody has. */
u64 dma_fence_context_alloc(unsigned int count);
/** -EINVAL: it was signaled before. */
int dma_fence_signal(struct dma_fence *fence);
int dma_fence_signal_locked(struct dma_fence *fence);
/** Needs a fence that is not signaled. */
void kapi_dma_fence_set_error(struct dma_fence *fence, int error, const struct kapi_place *place);
/** 1: signaled; 0: not yet; negative: signaled with an error. */
int dma_fence_get_status(struct dma_fence *fence);
/** -ENOENT: it is signaled already, and the function will not be called. */
int dma_fence_add_callback(struct dma_fence *fence, struct dma_fence_cb *callback, dma_fence_func_t function);
bool dma_fence_remove_callback(struct dma_fence *fence, struct dma_fence_cb *callback);
void kapi_dma_fence_put(struct dma_fence *fence, const struct kapi_place *place);
/** Ticks that are left, at least 1; 0: the time is over. An error of the fence is no error of the wait. */
long kapi_dma_fence_wait(struct dma_fence *fence, long timeout, const struct kapi_place *place);

#define dma_fence_set_error(fence, error) kapi_dma_fence_set_error(fence, error, KAPI_HERE)
#define dma_fence_put(fence) kapi_dma_fence_put(fence, KAPI_HERE)
/* No signals of processes are emulated, so no wait is interrupted. */
#define dma_fence_wait_timeout(fence, interruptible, timeout) \
	((void)(interruptible), kapi_dma_fence_wait(fence, timeout, KAPI_HERE))
#define dma_fence_wait(fence, interruptible) \
	({ \
		(void)(interruptible); \
		long kapi_left_ = kapi_dma_fence_wait(fence, MAX_SCHEDULE_TIMEOUT, KAPI_HERE); \
		kapi_left_ < 0 ? kapi_left_ : 0l; \
	})

static inline bool dma_fence_is_signaled(struct dma_fence *fence)
{
	return fence->kapi_signaled;
}

#define dma_fence_get(fence) \
	({ \
		struct dma_fence *kapi_fence_ = (fence); \
		if (kapi_fence_) \
			kref_get(&kapi_fence_->refcount); \
		kapi_fence_; \
	})

#endif
