/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SLAB_H
#define _LINUX_SLAB_H

#include <linux/gfp.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <linux/workqueue.h>

/** Who gives a piece of memory; the piece has to go back to it. */
enum kapi_heap { KAPI_KMALLOC, KAPI_VMALLOC, KAPI_KVMALLOC };

void *kapi_alloc(enum kapi_heap heap, size_t count, size_t size, gfp_t gfp, const struct kapi_place *place);
void *kapi_realloc(const void *memory, size_t size, gfp_t gfp, const struct kapi_place *place);
void kapi_free(enum kapi_heap heap, const void *memory, const struct kapi_place *place);

#define kmalloc(size, gfp) kapi_alloc(KAPI_KMALLOC, 1, size, gfp, KAPI_HERE)
#define kzalloc(size, gfp) kapi_alloc(KAPI_KMALLOC, 1, size, (gfp) | __GFP_ZERO, KAPI_HERE)
#define kmalloc_array(count, size, gfp) kapi_alloc(KAPI_KMALLOC, count, size, gfp, KAPI_HERE)
#define kcalloc(count, size, gfp) kapi_alloc(KAPI_KMALLOC, count, size, (gfp) | __GFP_ZERO, KAPI_HERE)
#define krealloc(memory, size, gfp) kapi_realloc(memory, size, gfp, KAPI_HERE)
#define kvmalloc(size, gfp) kapi_alloc(KAPI_KVMALLOC, 1, size, gfp, KAPI_HERE)
#define kvzalloc(size, gfp) kapi_alloc(KAPI_KVMALLOC, 1, size, (gfp) | __GFP_ZERO, KAPI_HERE)
#define kvmalloc_array(count, size, gfp) kapi_alloc(KAPI_KVMALLOC, count, size, gfp, KAPI_HERE)
#define kvcalloc(count, size, gfp) kapi_alloc(KAPI_KVMALLOC, count, size, (gfp) | __GFP_ZERO, KAPI_HERE)
/* @p size bytes of @p source, which is text or anything else. */
void *kapi_memdup(const void *source, size_t size, gfp_t gfp, const struct kapi_place *place);
#define kmemdup(source, size, gfp) kapi_memdup(source, size, gfp, KAPI_HERE)
#define kstrdup(text, gfp) ((char *)kapi_memdup(text, __builtin_strlen(text) + 1, gfp, KAPI_HERE))
#define kfree_sensitive(memory) kfree(memory)

/** Objects of one size. */
struct kmem_cache;
struct kmem_cache *kapi_cache_create(const char *name, size_t size, void (*constructor)(void *object),
				     const struct kapi_place *place);
/** Reports objects that are left. */
void kapi_cache_destroy(struct kmem_cache *cache, const struct kapi_place *place);
void *kapi_cache_alloc(struct kmem_cache *cache, gfp_t gfp, const struct kapi_place *place);
void kapi_cache_free(struct kmem_cache *cache, void *object, const struct kapi_place *place);
#define kmem_cache_create(name, size, align, flags, constructor) \
	((void)(align), (void)(flags), kapi_cache_create(name, size, constructor, KAPI_HERE))
#define KMEM_CACHE(type, flags) kmem_cache_create(#type, sizeof(struct type), __alignof__(struct type), flags, NULL)
#define kmem_cache_destroy(cache) kapi_cache_destroy(cache, KAPI_HERE)
#define kmem_cache_alloc(cache, gfp) kapi_cache_alloc(cache, gfp, KAPI_HERE)
#define kmem_cache_zalloc(cache, gfp) kapi_cache_alloc(cache, (gfp) | __GFP_ZERO, KAPI_HERE)
#define kmem_cache_free(cache, object) kapi_cache_free(cache, object, KAPI_HERE)

#define kfree(memory) kapi_free(KAPI_KMALLOC, memory, KAPI_HERE)
#define kvfree(memory) kapi_free(KAPI_KVMALLOC, memory, KAPI_HERE)

#endif
