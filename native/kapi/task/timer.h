/* SPDX-License-Identifier: GPL-2.0-only */
/** @file timer.h Timers, from within the runtime. */
#ifndef KAPI_TIMER_H
#define KAPI_TIMER_H

/** Report timers that are pending when the modules have gone. */
void timers_report_left(void);
/** Forget all timers. Their threads are gone. */
void timers_forget(void);

#endif
