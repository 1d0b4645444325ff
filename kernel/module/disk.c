// SPDX-License-Identifier: GPL-2.0-only
/*
 * The disk of the swap area. It does not rotate, is not synchronous to the
 * kernel, and has done a transfer when the submission returns. Behind the
 * area there are pages that are only read (runner/limits.c).
 */
#include <linux/blkdev.h>
#include <linux/highmem.h>
#include "module.h"

#define DISK_PAGES (16384 + OR_MAX_SWAP + 1)

static struct page *disk_store[OR_MAX_SWAP + 1];

static void disk_submit(struct bio *bio)
{
	sector_t sector = bio->bi_iter.bi_sector;
	struct bvec_iter iter;
	struct bio_vec bv;

	/* blocks are pages */
	bio_for_each_segment(bv, bio, iter)
	{
		unsigned long i = sector >> PAGE_SECTORS_SHIFT;

		sector += bv.bv_len >> SECTOR_SHIFT;
		if (op_is_write(bio_op(bio))) {
			if (i > OR_MAX_SWAP)
				continue;
			if (!disk_store[i])
				disk_store[i] = alloc_page(GFP_NOIO | __GFP_NOFAIL);
			copy_highpage(disk_store[i], bv.bv_page);
		} else if (i > OR_MAX_SWAP || !disk_store[i]) {
			clear_highpage(bv.bv_page);
		} else {
			copy_highpage(bv.bv_page, disk_store[i]);
		}
	}
	bio_endio(bio);
}

static const struct block_device_operations disk_ops = {
	.owner = THIS_MODULE,
	.submit_bio = disk_submit,
};

int __init or_make_disk(void)
{
	struct queue_limits lim = {
		.logical_block_size = PAGE_SIZE,
		.physical_block_size = PAGE_SIZE,
		.io_min = PAGE_SIZE,
	};
	struct gendisk *disk = blk_alloc_disk(&lim, NUMA_NO_NODE);

	if (IS_ERR(disk))
		return PTR_ERR(disk);
	strscpy(disk->disk_name, "oracleswap", DISK_NAME_LEN);
	disk->flags |= GENHD_FL_NO_PART;
	disk->fops = &disk_ops;
	set_capacity(disk, (sector_t)DISK_PAGES << PAGE_SECTORS_SHIFT);
	return add_disk(disk);
}
