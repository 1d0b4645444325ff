/* SPDX-License-Identifier: GPL-2.0-only */
/** @file rcu.h Functions that wait for readers. */
#ifndef KAPI_RCU_H
#define KAPI_RCU_H

/** The modules have gone: report functions of call_rcu() that were not called before, and free what kfree_rcu() has. */
void rcu_report_left(void);
/** Forget all. */
void rcu_forget(void);

#endif
