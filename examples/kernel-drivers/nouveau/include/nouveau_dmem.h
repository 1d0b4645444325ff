/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_NOUVEAU_DMEM_H
#define FAKE_NOUVEAU_DMEM_H

#include <linux/mm.h>
#include <nvif/os.h>

struct nouveau_drm;
struct nouveau_svmm;

/* What nouveau_dmem.c gives to the rest of the driver. */
void nouveau_dmem_init(struct nouveau_drm *drm);
void nouveau_dmem_fini(struct nouveau_drm *drm);
void nouveau_dmem_suspend(struct nouveau_drm *drm);
void nouveau_dmem_resume(struct nouveau_drm *drm);
int nouveau_dmem_migrate_vma(struct nouveau_drm *drm, struct nouveau_svmm *svmm, struct vm_area_struct *vma,
			     unsigned long start, unsigned long end);
unsigned long nouveau_dmem_page_addr(struct page *page);

#endif
