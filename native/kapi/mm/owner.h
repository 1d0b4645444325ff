/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file owner.h
 * Owners of device memory. A driver's owner is the address of something; the machine is given a number, so that what it does, and
 * its hash, do not depend on addresses.
 */
#ifndef KAPI_OWNER_H
#define KAPI_OWNER_H

#include <linux/types.h>

/** The number of an owner; 0 of NULL. */
u64 owner_number(const void *owner);
/** The owner of a number; NULL: no driver's. */
void *owner_of_number(u64 number);
void owners_forget(void);

#endif
