/* SPDX-License-Identifier: GPL-2.0-only */
/** @file workqueue.h Work queues, from within the runtime. */
#ifndef KAPI_WORKQUEUE_H
#define KAPI_WORKQUEUE_H

/** Forget all works. Their threads are gone. */
void workqueues_forget(void);

#endif
