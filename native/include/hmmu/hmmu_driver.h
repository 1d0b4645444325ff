/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file hmmu_driver.h
 * What drivers call: pages for destinations, devices and their operations, the built-in driver. A part of hmmu.h, which
 * includes it.
 */
#ifndef HMMU_DRIVER_H
#define HMMU_DRIVER_H

/** @name For drivers
 * @{ */
/** The pfn in a word of src or dst. */
static inline uint32_t hmmu_word_pfn(uint64_t word)
{
	return (uint32_t)(word >> HMMU_PFN_SHIFT);
}
/** A word for a page: pfn, VALID and the given flags. */
static inline uint64_t hmmu_word(uint32_t pfn, uint64_t flags)
{
	return ((uint64_t)pfn << HMMU_PFN_SHIFT) | HMMU_PFN_VALID | flags;
}

/** First pfn of the device-private memory; device-private page i has pfn base + i. */
HMMU_API uint32_t hmmu_device_base(const struct hmmu *m);
/** First pfn of the device-coherent memory; device-coherent page i has pfn base + i. */
HMMU_API uint32_t hmmu_coherent_base(const struct hmmu *m);
/** Take the lowest free device page. The caller has one reference, in Linux 4.14 besides the one that every device page
 * has. In Linux 6.12 the page comes locked, as zone_device_page_init() gives it. -ENOMEM. */
HMMU_API int hmmu_device_alloc(struct hmmu *m, uint32_t *pfn);
/** As hmmu_device_alloc(), from a given device; that one takes from device 0. -EINVAL: no such device. */
HMMU_API int hmmu_device_alloc_of(struct hmmu *m, uint32_t device, uint32_t *pfn);
/** Take a device page by its pfn, as hmmu_device_alloc() does. -EBUSY: it is in use; -EINVAL (NO_PAGE): it is no
 * page of a device. */
HMMU_API int hmmu_device_alloc_page(struct hmmu *m, uint32_t pfn);
/** Take a ZONE_DEVICE page that is neither device-private nor device-coherent, if the machine has any; for tests of its refusal. -ENOMEM. */
HMMU_API int hmmu_other_device_alloc(struct hmmu *m, uint32_t *pfn);
/** alloc_page(GFP_HIGHUSER_MOVABLE): a system page with one reference, contents undefined. -ENOMEM. */
HMMU_API int hmmu_page_alloc(struct hmmu *m, uint32_t *pfn);
/** trylock_page() of a page that the driver allocated or made exclusive. -EBUSY; -EINVAL (REFERENCE): it is not the
 * driver's. */
HMMU_API int hmmu_page_trylock(struct hmmu *m, uint32_t pfn);
/** unlock_page() of a page that the driver locked, or that hmmu_make_device_exclusive() did. */
HMMU_API int hmmu_page_unlock(struct hmmu *m, uint32_t pfn);
/** put_page() of a page that the driver allocated, or that hmmu_make_device_exclusive() gave it. -EBUSY: the driver has
 * locked it. */
HMMU_API int hmmu_page_put(struct hmmu *m, uint32_t pfn);
/** get_page(): a reference more to a page that is in use. It is given back with hmmu_unpin() and no flags, as one of
 * hmmu_pin(). -EINVAL (NO_PAGE): there is no such page. -ENOMEM (OUT_OF_SLOTS): it has 65535 such references. */
HMMU_API int hmmu_page_get(struct hmmu *m, uint32_t pfn);
/**
 * make_device_exclusive_range() of Linux 6.12 over the one page at @p address, for @p owner: its entry becomes a
 * device-exclusive one, so that the device has the page for itself until a CPU touches it. Takes mmap_lock for reading
 * unless the task has it, and faults as a store does. @p pfn is the page, locked and with a reference: the driver writes
 * its tables, then calls hmmu_page_unlock() and hmmu_page_put(). 0 in @p pfn: the page can't be exclusive, as it is locked,
 * not anonymous, or a later part of a huge page. Notifiers hear of it with HMMU_NOTIFY_EXCLUSIVE, and again when a CPU gets
 * the page back. -EFAULT: no mapping, no right to write, or a fault that ends in SIGBUS. -EOPNOTSUPP: a hugetlb mapping.
 * -ENOMEM. -EINVAL (INVALID_ARGUMENT): the machine's kernel is 4.14, which has no such entries.
 */
HMMU_API int hmmu_make_device_exclusive(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t owner, uint32_t *pfn);
/** A page that a driver has allocated, and has neither placed by a migration nor put; or one that it has made exclusive,
 * and has not put. */
struct hmmu_leak {
	uint32_t pfn;      /**< page frame number */
	uint32_t to;       /**< enum hmmu_target: DEVICE for a page of ZONE_DEVICE, else SYSTEM */
	uint32_t alloc_id; /**< as in struct hmmu_entry */
	int32_t ref;       /**< page_count(), with the reference that every device page has */
	uint32_t flags;    /**< enum hmmu_page_flag */
	bool locked;       /**< its page lock is taken */
};
/**
 * The pages that drivers have allocated or made exclusive, and not yet placed or put, in ascending order. While a driver
 * works, its pages are among them. When no migration is under way, each is a page that a driver has lost or keeps for later.
 * The end of a process does not free them. Returns how many there are; writes at most @p capacity. Looks at each page that
 * was ever used.
 */
HMMU_API int hmmu_leaks(const struct hmmu *m, struct hmmu_leak *out, uint32_t capacity);
/** copy_highpage(): the contents of one page to another. -EINVAL (NO_PAGE): there is no such page. */
HMMU_API int hmmu_page_copy(struct hmmu *m, uint32_t to, uint32_t from);
/** clear_highpage(). -EINVAL (NO_PAGE): there is no such page. */
HMMU_API int hmmu_page_zero(struct hmmu *m, uint32_t pfn);
/**
 * Make destinations for many sources in one call. For each source this does what hmmu_device_alloc_of() (or
 * hmmu_page_alloc(), if @p to is the system, which needs no @p device), hmmu_page_copy() and hmmu_page_trylock() do. Each
 * source in @p pages is replaced by its destination. A source of 0 means no source; its destination is zeroed. Returns the
 * number of destinations, fewer than @p count if memory is used up. -EINVAL: a source is not in use (NO_PAGE), or there is
 * no such device; nothing is done.
 */
HMMU_API int hmmu_destinations(struct hmmu *m, uint32_t to, uint32_t device, uint32_t *pages, uint32_t count);
/** The number of pages that a driver can certainly allocate now, one by one; @p to is enum hmmu_target. 0: no such device. */
HMMU_API uint64_t hmmu_destinations_left(const struct hmmu *m, uint32_t to, uint32_t device);

/**
 * mmap_read_lock(), or mmap_write_lock() if @p write: take mmap_lock (mmap_sem) of the task's process until
 * hmmu_mmap_unlock(). Calls of the task between use it; so the mappings that a driver looks up stay as they are. Blocks.
 * Snapshots are refused meanwhile. -EDEADLK (BUSY): the task has it already, by this call or in a callback.
 */
HMMU_API int hmmu_mmap_lock(struct hmmu *m, uint32_t tid, bool write);
/** mmap_read_unlock(), mmap_write_unlock(). A migration that the task has begun keeps the lock until it ends. -EINVAL
 * (REFERENCE): the task has not called hmmu_mmap_lock(). -EBUSY: a call of the task waits. */
HMMU_API int hmmu_mmap_unlock(struct hmmu *m, uint32_t tid);
/**
 * vm_insert_page(): put a driver's page into a mapping of kind MIXED, with the rights of the mapping. The task has taken
 * mmap_lock with hmmu_mmap_lock(). The mapping gets a reference of its own. -EFAULT (SYSCALL): no such mapping contains
 * the address. -EBUSY (SYSCALL): something is there. -EINVAL (REFERENCE): the page is not a driver's, or the task does not
 * have the lock. -ENOMEM (OUT_OF_FRAMES).
 */
HMMU_API int hmmu_vm_insert_page(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn);

/** dev_pagemap operations of the device. */
struct hmmu_pagemap_ops {
	/** dev_page_fault_t: the CPU touched a device page. Returns 0 (the access is retried), or a negative errno
	 * (SIGBUS). NULL: the built-in driver migrates the page back. */
	int (*page_fault)(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data);
	/** dev_page_free_t: a device page is free again, and already on the core's list. May be NULL. The kernel calls
	 * it under page table locks, too: it may look, and allocate, put and hold pages. All other calls into the
	 * kernel are refused (-EBUSY, HMMU_ERR_BUSY). */
	void (*page_free)(struct hmmu *m, uint32_t pfn, void *data);
};
/** Set the operations of the device, which are copied; NULL: those of the built-in driver. @p data is passed to
 * them. */
HMMU_API int hmmu_device_set_ops(struct hmmu *m, const struct hmmu_pagemap_ops *ops, void *data);

/** @name Several devices
 * A machine begins with device 0, which has all of its device-private pages. If it has device-coherent pages, device 1 has all of
 * them. Other devices get the last pages of the device that begins with their kind, and leave them to it.
 * @{ */
/**
 * memremap_pages(): make a device of pages that a removed one has left, or of the last @p pages pages of device 0. @p owner is
 * the dev_pagemap.owner of its pages; devices may share one, and 0 is not allowed. Its driver is the built-in one. @p device
 * is its number, 1 … HMMU_MAX_DEVICES - 1, the lowest that is free. Once there is a second device, snapshots and verify()
 * look at every device page. -EINVAL: no pages, more than the machine has, or owner 0.
 * -ENOMEM: there are not so many free pages in a row (OUT_OF_DEVICE_PAGES), or no number is left (OUT_OF_SLOTS). -EBUSY: in
 * page_free().
 */
HMMU_API int hmmu_device_create(struct hmmu *m, uint32_t pages, uint64_t owner, uint32_t *device);
/**
 * As hmmu_device_create(), of a given kind (enum hmmu_device_kind); that one makes a private device. A coherent one gets the last
 * pages of device 1, which has all device-coherent pages of a machine at its beginning (hmmu_options.coherent_pages).
 */
HMMU_API int hmmu_device_create_kind(struct hmmu *m, uint32_t kind, uint32_t pages, uint64_t owner, uint32_t *device);
/**
 * As hmmu_device_create(), of @p pages given pages from @p pfn on, private or coherent ones: memremap_pages() of a range that the
 * platform tells. Pages behind them that were of the first device of their kind are of no device then. -EINVAL: not all of them are
 * device memory of one kind. -EBUSY: some belong to another device; or some of the first device, these or later ones, are in use.
 */
HMMU_API int hmmu_device_create_at(struct hmmu *m, uint32_t pfn, uint32_t pages, uint64_t owner, uint32_t *device);
/** memunmap_pages(): the device and its driver are gone. Pages behind device 0 (of a
 * coherent device: device 1) are its own again. -EBUSY: pages of it are in
 * use, and hmmu_migrate_device_range() brings them to system memory; or in page_free(). -EINVAL: no such device. */
HMMU_API int hmmu_device_remove(struct hmmu *m, uint32_t device);
/** Give a device another owner: its driver sets dev_pagemap.owner behind hmmu_device_create(), which reserves the pages.
 * -EBUSY: pages of it are in use. -EINVAL: no such device, or owner 0. */
HMMU_API int hmmu_device_set_owner(struct hmmu *m, uint32_t device, uint64_t owner);
/** A device. */
struct hmmu_device_info {
	uint32_t first; /**< pfn of its first page */
	uint32_t pages; /**< how many it has */
	uint32_t free;  /**< how many of them are free */
	uint32_t kind;  /**< enum hmmu_device_kind */
	uint64_t owner; /**< dev_pagemap.owner */
};
/** What a device has. -EINVAL: no such device. */
HMMU_API int hmmu_device_info(const struct hmmu *m, uint32_t device, struct hmmu_device_info *out);
/** As hmmu_device_set_ops(), of a given device; that one sets those of device 0. -EINVAL: no such device. */
HMMU_API int hmmu_device_driver(struct hmmu *m, uint32_t device, const struct hmmu_pagemap_ops *ops, void *data);
/** @} */

/** @name The fault window
 * A fault on a device page that the built-in driver handles brings back one page. Drivers of GPUs bring back its neighbours as
 * well, which are likely to be touched next.
 * @{ */
/**
 * Have the built-in driver bring back a window of @p pages pages, aligned to its size and cut off at the ends of the mapping: 1 (as
 * at first), 2, 4 … HMMU_MAX_FAULT_WINDOW. Pages that are not of this device stay where they are, and so do pages that are locked or
 * pinned. The page that was touched gets the first frame, so a lack of frames costs its neighbours only. A handler of faults
 * of your own (hmmu_device_driver()) takes no notice. Copies and snapshots keep it. -EINVAL: no such device, a coherent one, or no such size.
 */
HMMU_API int hmmu_device_set_fault_window(struct hmmu *m, uint32_t device, uint32_t pages);
/** How many pages the window of a device has. 0: there is no such device. */
HMMU_API uint32_t hmmu_device_fault_window(const struct hmmu *m, uint32_t device);
/** @} */

/** The built-in driver: what to do with which entry. Rules, first fit: no MIGRATE or listed in skip: nothing; the
 * source is in system memory or on the wanted device already: nothing; listed in error: ERROR; else take a page (none left: nothing), copy
 * or zero, lock, store. It goes by src as the migration has it, whatever stands in the caller's array. */
struct hmmu_builtin {
	uint32_t to;           /**< enum hmmu_target */
	uint32_t skip_count;   /**< entries in skip */
	uint32_t error_count;  /**< entries in error */
	uint32_t device;       /**< to DEVICE: the device that gives the pages. One that does not exist has none */
	const uint64_t *skip;  /**< indexes of src, any order */
	const uint64_t *error; /**< indexes of src, any order */
};
/** The operations of the built-in driver; its data pointer is a struct hmmu_builtin. It has no tables to program, so
 * finalize_and_map is NULL. */
HMMU_COMMON_API extern const struct hmmu_migrate_ops hmmu_builtin_ops;
/** @} */

#endif
