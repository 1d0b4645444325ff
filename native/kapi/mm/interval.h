/* SPDX-License-Identifier: GPL-2.0-only */
/** @file interval.h Interval notifiers. */
#ifndef KAPI_INTERVAL_H
#define KAPI_INTERVAL_H

/** Have the machine call the notifiers of drivers. */
void intervals_boot(void);
/** Report notifiers that drivers have not removed, and forget them. */
void intervals_report_left(void);
/** Remove them from the machine. */
void intervals_forget(void);

#endif
