/* SPDX-License-Identifier: GPL-2.0-only */
/** @file kthread.h Threads of drivers. */
#ifndef KAPI_KTHREAD_H
#define KAPI_KTHREAD_H

/** Report threads that drivers have started and not stopped, and forget them. */
void kthreads_report_left(void);
/** Forget them. */
void kthreads_forget(void);

#endif
