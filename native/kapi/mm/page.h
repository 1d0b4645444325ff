/* SPDX-License-Identifier: GPL-2.0-only */
/** @file page.h Pages, as drivers see them. */
#ifndef KAPI_PAGE_H
#define KAPI_PAGE_H

#include <linux/mm.h>

/** Reserve the shadow of all pages. false: the host has no address space for it. */
bool pages_boot(void);
void pages_shutdown(void);
/** A driver has got this page, here. */
void page_note_allocated(struct page *page, const struct kapi_place *place);
/** The kernel has given this page to a driver, which may use it, even if it has put it before. */
void page_note_given(struct page *page);
/** The same, by src of a migration, which has the reference. */
void page_note_collected(struct page *page);
/** The page's lock is no longer the driver's: a migration has taken it over. */
void page_note_taken_over(struct page *page);
/** A device page that a driver has got is locked. */
void page_note_locked(struct page *page, const struct kapi_place *place);
/** Whether a driver has put a page for the last time and uses it nevertheless; that is reported. */
bool page_check_put(const struct page *page, const char *call, const struct kapi_place *place);
/** Report the page locks that the running thread has taken and kept. */
void pages_check_return(void);
/** Report all pages that drivers have not given back. */
void pages_report_left(void);

#endif
