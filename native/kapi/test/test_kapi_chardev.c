/* SPDX-License-Identifier: GPL-2.0-only */
/* Ways to make a character device, and what drivers get wrong with them. */
#include "thread_rig.h"

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/miscdevice.h>
#include <linux/slab.h>

static void *opened_with;
static unsigned int released;

static int note_open(struct inode *inode, struct file *file)
{
	(void)inode;
	opened_with = file->private_data;
	return 0;
}

static const struct file_operations operations = { .open = note_open };

static void count_release(struct device *device)
{
	(void)device;
	released++;
}

static long can_open(const struct rig *r, const char *name)
{
	struct kapi_file *file;
	long err = kapi_open(r->tid, name, &file);

	return err ? err : kapi_close(r->tid, file);
}

static void test_misc(void **state)
{
	struct rig r = rig_open(1);
	struct miscdevice *misc = kzalloc(2 * sizeof(*misc), GFP_KERNEL);

	(void)state;
	misc[0] = (struct miscdevice){ .minor = MISC_DYNAMIC_MINOR, .name = "first", .fops = &operations };
	misc[1] = (struct miscdevice){ .minor = MISC_DYNAMIC_MINOR, .name = "first", .fops = &operations };
	assert_int_equal(misc_register(&misc[0]), 0);
	assert_string_equal(dev_name(misc[0].this_device), "first");
	assert_ptr_equal(dev_get_drvdata(misc[0].this_device), &misc[0]);
	assert_int_equal(misc_register(&misc[1]), -EEXIST);
	misc[1].name = "second";
	assert_int_equal(misc_register(&misc[1]), 0);
	assert_int_not_equal(misc[0].minor, misc[1].minor);
	assert_int_equal(can_open(&r, "/dev/second"), 0);
	assert_ptr_equal(opened_with, &misc[1]);
	misc_deregister(&misc[1]);
	assert_int_equal(can_open(&r, "/dev/second"), -ENOENT);
	misc_deregister(&misc[1]);
	assert_report(KAPI_CHECK_BAD_CALL);
	misc[1].minor = misc[0].minor;
	assert_int_equal(misc_register(&misc[1]), -EBUSY);
	kapi_fault(KAPI_FAULT_ALLOCATION, 1, false);
	misc[1].minor = MISC_DYNAMIC_MINOR;
	assert_int_equal(misc_register(&misc[1]), -ENOMEM);
	kfree(misc);
	assert_report(KAPI_CHECK_BAD_FREE);
	assert_int_equal(can_open(&r, "/dev/first"), -ENOENT);
	assert_int_equal(kapi_unload_modules(), 0);
	assert_report(KAPI_CHECK_DEVICE_LEFT);
	rig_close(&r);
}

static void test_class(void **state)
{
	struct rig r = rig_open(1);
	struct class *class = class_create("things");
	struct cdev cdev;
	dev_t first;

	(void)state;
	assert_int_equal(alloc_chrdev_region(&first, 0, 2, "thing"), 0);
	cdev_init(&cdev, &operations);
	assert_int_equal(cdev_add(&cdev, first, 2), 0);
	for (unsigned int i = 0; i < 2; i++)
		assert_false(IS_ERR(device_create(class, NULL, first + i, NULL, "thing%u", i)));
	assert_int_equal(PTR_ERR(device_create(class, NULL, first, NULL, "thing%u", 1u)), -EEXIST);
	kapi_fault(KAPI_FAULT_ALLOCATION, 1, false);
	assert_int_equal(PTR_ERR(device_create(class, NULL, first, NULL, "none")), -ENOMEM);
	assert_int_equal(can_open(&r, "/dev/thing1"), 0);
	assert_null(opened_with);
	device_destroy(class, first + 1);
	assert_int_equal(can_open(&r, "/dev/thing1"), -ENOENT);
	device_destroy(class, first + 1);
	assert_report(KAPI_CHECK_BAD_CALL);
	cdev_del(&cdev);
	assert_int_equal(can_open(&r, "/dev/thing0"), -ENOENT);
	cdev_del(&cdev);
	assert_report(KAPI_CHECK_BAD_CALL);
	device_destroy(class, first);
	class_destroy(class);
	class_destroy(class);
	assert_report(KAPI_CHECK_BAD_CALL);
	unregister_chrdev_region(first, 2);
	rig_close(&r);
}

static void test_left(void **state)
{
	struct rig r = rig_open(1);
	struct class *class = class_create("things");
	static struct cdev cdev;

	(void)state;
	device_create(class, NULL, MKDEV(200, 0), NULL, "thing");
	cdev_init(&cdev, &operations);
	cdev_add(&cdev, MKDEV(201, 0), 1);
	cdev_add(&cdev, MKDEV(201, 0), 1);
	assert_report(KAPI_CHECK_BAD_CALL);
	class_create("others");
	class_destroy(class);
	assert_report(KAPI_CHECK_BAD_CALL);
	assert_int_equal(kapi_unload_modules(), 0);
	/* The character device, the device, the second class. */
	assert_reports(3, KAPI_CHECK_DEVICE_LEFT);
	rig_close(&r);
}

static void test_references(void **state)
{
	struct rig r = rig_open(1);
	static struct device device;
	struct device *allocated;

	(void)state;
	released = 0;
	device = (struct device){ .release = count_release };
	assert_int_equal(device_add(&device), -EINVAL);
	device_initialize(&device);
	dev_set_name(&device, "device");
	assert_int_equal(device_add(&device), 0);
	assert_ptr_equal(get_device(&device), &device);
	put_device(&device);
	assert_int_equal(released, 0);
	device_unregister(&device);
	assert_int_equal(released, 1);
	put_device(&device);
	assert_report(KAPI_CHECK_BAD_PUT);
	get_device(&device);
	assert_report(KAPI_CHECK_BAD_PUT);
	assert_null(get_device(NULL));
	put_device(NULL);

	assert_int_equal(device_register(&device), 0);
	put_device(&device);
	assert_report(KAPI_CHECK_BAD_PUT);
	device.release = NULL;
	device_initialize(&device);
	put_device(&device);
	assert_report(KAPI_CHECK_WARN);
	device_del(&device);
	assert_report(KAPI_CHECK_BAD_CALL);

	allocated = kzalloc(sizeof(*allocated), GFP_KERNEL);
	device_initialize(allocated);
	kfree(allocated);
	assert_report(KAPI_CHECK_BAD_FREE);
	device.release = count_release;
	device_initialize(&device);
	assert_int_equal(kapi_unload_modules(), 0);
	assert_report(KAPI_CHECK_DEVICE_LEFT);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_misc),
		cmocka_unit_test(test_class),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
