/* SPDX-License-Identifier: GPL-2.0-only */
/** @file locks.h What all kinds of locks share. */
#ifndef KAPI_LOCKS_H
#define KAPI_LOCKS_H

#include <kapi/lock.h>

/** A lock begins its life. */
void lock_init(struct kapi_lock *lock, const char *name);
/** Report a lock that has not been initialised, and initialise it. */
void lock_check_initialised(struct kapi_lock *lock, const struct kapi_place *place);

#endif
