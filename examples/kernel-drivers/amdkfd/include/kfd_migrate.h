/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_KFD_MIGRATE_H
#define FAKE_KFD_MIGRATE_H

#include "kfd_svm.h"

enum MIGRATION_COPY_DIR { FROM_RAM_TO_VRAM, FROM_VRAM_TO_RAM };

/* What kfd_migrate.c gives to the rest of the driver. */
int svm_migrate_to_vram(struct svm_range *range, u32 location, unsigned long start, unsigned long last,
			struct mm_struct *mm, u32 trigger);
int svm_migrate_vram_to_ram(struct svm_range *range, struct mm_struct *mm, unsigned long start, unsigned long last,
			    u32 trigger, struct page *fault_page);
unsigned long svm_migrate_addr_to_pfn(struct amdgpu_device *gpu, unsigned long address);

#endif
