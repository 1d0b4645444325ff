/* SPDX-License-Identifier: GPL-2.0-only */
/* Caches of objects of one size. Each object is memory of kmalloc(). */
#include <linux/kernel.h>
#include <linux/slab.h>

#include "lib/heap.h"
#include "log/report.h"

struct kmem_cache {
	const char *name;
	size_t size;
	void (*constructor)(void *object);
	u64 objects;
};

struct kmem_cache *kapi_cache_create(const char *name, size_t size, void (*constructor)(void *object),
				     const struct kapi_place *place)
{
	struct kmem_cache *cache = heap_alloc_internal(sizeof(*cache), GFP_KERNEL, place);

	if (cache)
		*cache = (struct kmem_cache){ .name = name, .size = size, .constructor = constructor };
	return cache;
}

void kapi_cache_destroy(struct kmem_cache *cache, const struct kapi_place *place)
{
	if (!cache)
		return;
	if (cache->objects)
		report(KAPI_CHECK_MEMORY_LEFT, place, "kmem_cache_destroy() of %s, of which %llu objects are not freed",
		       cache->name, cache->objects);
	heap_free_internal(cache);
}

void *kapi_cache_alloc(struct kmem_cache *cache, gfp_t gfp, const struct kapi_place *place)
{
	void *object = kapi_alloc(KAPI_KMALLOC, 1, cache->size, gfp, place);

	if (!object)
		return NULL;
	cache->objects++;
	if (cache->constructor)
		cache->constructor(object);
	return object;
}

void kapi_cache_free(struct kmem_cache *cache, void *object, const struct kapi_place *place)
{
	if (object)
		cache->objects--;
	kapi_free(KAPI_KMALLOC, object, place);
}

void *kapi_memdup(const void *source, size_t size, gfp_t gfp, const struct kapi_place *place)
{
	void *copy = kapi_alloc(KAPI_KMALLOC, 1, size, gfp, place);

	if (copy)
		memcpy(copy, source, size);
	return copy;
}
