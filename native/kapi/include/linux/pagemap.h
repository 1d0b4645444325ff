/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_PAGEMAP_H
#define _LINUX_PAGEMAP_H

#include <kapi/place.h>
#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

void kapi_lock_page(struct page *page, const struct kapi_place *place);
bool __must_check kapi_trylock_page(struct page *page, const struct kapi_place *place);
void kapi_unlock_page(struct page *page, const struct kapi_place *place);
#define lock_page(page) kapi_lock_page(page, KAPI_HERE)
#define trylock_page(page) kapi_trylock_page(page, KAPI_HERE)
#define unlock_page(page) kapi_unlock_page(page, KAPI_HERE)
#define folio_lock(folio) lock_page(&(folio)->page)
#define folio_trylock(folio) trylock_page(&(folio)->page)
#define folio_unlock(folio) unlock_page(&(folio)->page)

#endif
