/* SPDX-License-Identifier: GPL-2.0-only */
/** @file core.h The emulated machine. */
#ifndef KAPI_CORE_H
#define KAPI_CORE_H

#include <linux/mm.h>

#include "hmmu/hmmu.h"
#include "task/thread.h"

/** The machine; NULL: there is none. */
extern struct hmmu *machine;

/** Whether the call that has returned @p err waits, and is to be made again. */
bool core_blocks(int err);
/** Wait until the task can go on with its call. */
void core_wait(u32 tid, const struct kapi_place *place);
/** Make a call for a task until it does not wait any more; the value is its result. */
#define CORE_CALL(tid, place, call) \
	({ \
		int core_result_; \
		core_enter(place); \
		while (core_blocks(core_result_ = (call))) \
			core_wait(tid, place); \
		core_result_; \
	})
/**
 * @name Callbacks that wait
 * The machine calls the driver in the middle of an operation: for an invalidation, or when a device page is free. Until that
 * returns, the machine refuses all others but the functions for drivers. The driver may wait there, so the others do, too.
 * @{ */
/** The running thread's callback begins and ends. */
struct kapi_thread *core_callback_begin(void);
void core_callback_end(struct kapi_thread *outer);
/** Wait until no callback of another thread is under way. Before each call of the machine that it would refuse. */
void core_enter(const struct kapi_place *place);
/** Whether core_enter() would wait. */
bool core_is_busy(void);
/** hmmu_mmap_unlock(), which never waits: in a callback of another thread it is done a little later. -EINVAL: the task does not
 * have the lock. */
int core_mmap_unlock(u32 tid);
/** @} */
/** The end of all pages: of RAM, of device-private and of device-coherent memory. */
u32 core_pages(void);
/** Whether a page is device-private: no CPU and no other device reaches it. */
bool core_is_private(u32 pfn);
/** A page as the machine's dumps and messages have it: #6 of RAM, D6 of device-private, C6 of device-coherent memory. Good until the fourth next call. */
const char *page_text(u32 pfn);
/** Report what the machine has refused, at the driver's line. */
void core_refused(const struct kapi_place *place, const char *call);
/** The same, of a reference or a page lock that the driver would give back. */
void core_refused_put(const struct kapi_place *place, const char *call);

/** Make the machine. 0 or a negative errno. */
int core_boot(const struct hmmu_options *options);
/** Use a machine that is there. -EINVAL: it is of another kernel. */
int core_attach(struct hmmu *m);
/** Be without the machine. It is destroyed unless it was there before. */
void core_shutdown(void);

#endif
