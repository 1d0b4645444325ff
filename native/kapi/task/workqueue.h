/* SPDX-License-Identifier: GPL-2.0-only */
/** @file workqueue.h Work queues, from within the runtime. */
#ifndef KAPI_WORKQUEUE_H
#define KAPI_WORKQUEUE_H

struct kapi_place;
struct workqueue_struct;

/** Wait for the works of a queue, and report those that wait for their time. */
void workqueue_end(struct workqueue_struct *queue, const struct kapi_place *place);
/** Forget all works. Their threads are gone. */
void workqueues_forget(void);

#endif
