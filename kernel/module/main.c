// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/oracle: the ioctls of oracle.h, and a mapping without struct pages.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include "module.h"

static void do_reset(struct or_reset *r)
{
	or_drop_all();
	or_forget_watches();
	or_forget_labels();
	or_reset_devices(r);
}

static void do_task(struct or_task *t)
{
	struct task_struct *task;

	rcu_read_lock();
	task = find_task_by_vpid(t->tid);
	if (task && !task->exit_state) {
		t->gone = 0;
		t->state = READ_ONCE(task->__state);
		t->switches = task->nvcsw + task->nivcsw;
	} else {
		t->gone = 1;
	}
	rcu_read_unlock();
}

static long or_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	union {
		struct or_reset reset;
		struct or_migrate migrate;
		struct or_pin pin;
		struct or_grab grab;
		struct or_mirror mirror;
		struct or_exclusive exclusive;
		struct or_dump dump;
		struct or_count count;
		struct or_watch watch;
		struct or_events events;
		struct or_task task;
		struct or_wait wait;
		struct or_range range;
	} u;
	void __user *user = (void __user *)arg;
	size_t size = _IOC_SIZE(cmd);
	long ret = 0;

	if (size > sizeof(u))
		return -ENOTTY;
	if (size && copy_from_user(&u, user, size))
		return -EFAULT;

	switch (cmd) {
	case OR_RESET:
		do_reset(&u.reset);
		break;
	case OR_MIGRATE:
		ret = or_migrate_pages(&u.migrate, false);
		break;
	case OR_EVICT:
		ret = or_migrate_pages(&u.migrate, true);
		break;
	case OR_MIRROR:
		ret = or_mirror_range(&u.mirror);
		break;
	case OR_EXCLUSIVE:
		ret = or_make_exclusive(&u.exclusive);
		break;
	case OR_PIN:
		return or_pin_pages(&u.pin);
	case OR_RECLAIM:
		return or_reclaim_pages(&u.range);
	case OR_TRUNCATE:
		return or_truncate_file(&u.range);
	case OR_HOLD:
		return or_grab_page(&u.grab, H_HOLD);
	case OR_ISOLATE:
		return or_grab_page(&u.grab, H_ISOLATE);
	case OR_DROP:
		return or_drop(arg);
	case OR_DROPALL:
		or_drop_all();
		return 0;
	case OR_DUMP:
		ret = or_dump_pages(&u.dump);
		break;
	case OR_COUNT:
		ret = or_count_pages(&u.count);
		break;
	case OR_WATCH:
		return or_watch_mm(&u.watch);
	case OR_ATTACH:
		return or_attach();
	case OR_EVENTS:
		ret = or_take_events(&u.events);
		break;
	case OR_TASK:
		do_task(&u.task);
		break;
	case OR_DRAIN:
		or_settle();
		return 0;
	case OR_ARM:
		or_arm_stages();
		return 0;
	case OR_WAIT:
		or_wait_for_stage(&u.wait);
		break;
	case OR_GO:
		or_leave_stage();
		return 0;
	default:
		return -ENOTTY;
	}
	if (!ret && size && copy_to_user(user, &u, size))
		ret = -EFAULT;
	return ret;
}

/* a mapping that migrate_vma_setup() refuses: VM_PFNMAP */
static struct page *special_pages;

static int or_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start;

	if (size > OR_SPECIAL * PAGE_SIZE)
		return -EINVAL;
	return remap_pfn_range(vma, vma->vm_start, page_to_pfn(special_pages), size, vma->vm_page_prot);
}

static const struct file_operations or_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = or_ioctl,
	.mmap = or_mmap,
};

static struct miscdevice or_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "oracle",
	.fops = &or_fops,
};

static unsigned long coherent; /* a physical address, or 0 */
module_param(coherent, ulong, 0444);

static int __init or_init(void)
{
	int err = or_make_devices(coherent);

	if (!err)
		err = or_make_events();
	if (!err)
		err = or_make_disk();
	if (err)
		return err;
	special_pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, get_order(OR_SPECIAL * PAGE_SIZE));
	return special_pages ? misc_register(&or_misc) : -ENOMEM;
}
late_initcall(or_init);
