/* SPDX-License-Identifier: GPL-2.0-only */
/** @file devmem.h ZONE_DEVICE device-private memory: its free pages, its faults. */
#ifndef HMMU_DEVMEM_H
#define HMMU_DEVMEM_H

#include "mm.h"

/** Every device page has one reference from the start and is free. */
void devmem_init(struct hmmu *m);
/** The count of a device page has come down: at 1 it is free. */
void put_zone_device_private_page(struct hmmu *m, u32 pfn);
/** device_private_entry_fault(): 0, or FAULT_SIGBUS. */
int device_private_entry_fault(struct ctx *ctx, u64 address, u32 pfn);

#endif
