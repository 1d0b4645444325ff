/* SPDX-License-Identifier: GPL-2.0-only */
/** @file lock_order.h The order in which threads take locks. */
#ifndef KAPI_LOCK_ORDER_H
#define KAPI_LOCK_ORDER_H

#include <kapi/place.h>

/** A thread takes a lock while it holds another one. Locks are told apart by their names: each is a class. An order that
 * closes a circle with those seen before is reported, once. */
void lock_order_note(const char *held, const struct kapi_place *held_at, const char *taken,
		     const struct kapi_place *taken_at);
/** Forget all orders. */
void lock_order_reset(void);

#endif
