/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file active.h
 * Objects in a driver's memory that the kernel still uses, such as a notifier that is inserted or a work that is queued. Their memory must
 * not go.
 */
#ifndef KAPI_ACTIVE_H
#define KAPI_ACTIVE_H

#include <kapi/place.h>
#include <linux/types.h>

/** An object is used from now on. If its memory goes, @p forget is called: nobody may look at it any more. */
void active_add(void *object, const char *what, const struct kapi_place *place, void (*forget)(void *object));
/** It is not used any more. */
void active_remove(const void *object);
/** Memory is freed here: report the objects in it that are used, and forget them. */
void active_check_free(const void *memory, size_t size, const struct kapi_place *place);
/** The running thread's call ends: the same, of those on its stack. */
void active_check_return(void);
/** Forget all of them. */
void active_reset(void);

#endif
