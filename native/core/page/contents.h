/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file contents.h
 * The contents of a page: 4096 bytes or, in a machine without contents, a tag of the first 8 bytes. Contents move with
 * the page, so that tests can check a move. Page tables always have a whole frame.
 */
#ifndef HMMU_CONTENTS_H
#define HMMU_CONTENTS_H

#include <string.h>

#include "page/page.h"

static inline u64 contents_size(const struct hmmu *m)
{
	return m->tags ? TAG_SIZE : PAGE_SIZE;
}
static inline void *contents_of(const struct hmmu *m, u32 pfn)
{
	return m->tags ? (void *)&m->tags[pfn] : frame_of(m, pfn);
}
static inline void copy_contents(struct hmmu *m, u32 to, u32 from)
{
	if (m->tags)
		m->tags[to] = m->tags[from];
	else
		memcpy(frame_of(m, to), frame_of(m, from), PAGE_SIZE);
}
static ALWAYS_INLINE void clear_contents(struct hmmu *m, u32 pfn)
{
	if (m->tags)
		m->tags[pfn] = 0;
	else
		memset(frame_of(m, pfn), 0, PAGE_SIZE);
}
static inline bool contents_are_zero(const struct hmmu *m, u32 pfn)
{
	const u64 *words = contents_of(m, pfn);

	for (u64 i = 0; i < contents_size(m) / sizeof(*words); i++)
		if (words[i])
			return false;
	return true;
}
/** Load and store within one page. Beyond the tag, loads return zero and stores are lost. */
static inline void load_contents(const struct hmmu *m, u32 pfn, u64 offset, u8 *buffer, size_t length)
{
	u64 size = contents_size(m), kept = offset >= size ? 0 : offset + length > size ? size - offset : length;

	memcpy(buffer, (const u8 *)contents_of(m, pfn) + (kept ? offset : 0), kept);
	memset(buffer + kept, 0, length - kept);
}
static inline void store_contents(struct hmmu *m, u32 pfn, u64 offset, const u8 *buffer, size_t length)
{
	u64 size = contents_size(m);

	if (offset >= size)
		return;
	memcpy((u8 *)contents_of(m, pfn) + offset, buffer, length < size - offset ? length : size - offset);
}
/** After a write by a device or its driver: set_page_dirty() for a page of the swap cache, whose bytes would else be lost
 * when it is reclaimed. */
static inline void contents_written(struct hmmu *m, u32 pfn)
{
	u32 head = compound_head(m, pfn);

	page_of(m, pfn)->flags &= ~PAGE_USER_UNWRITTEN;
	if (page_of(m, head)->flags & HMMU_PG_SWAPCACHE)
		page_of(m, head)->flags |= HMMU_PG_DIRTY;
}

#endif
