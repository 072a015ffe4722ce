// SPDX-License-Identifier: GPL-2.0-only
/*
 * request_module(): the kernel asks user space for a module.
 *
 * The steps, in order. Each is implemented in kernel/kmod/.
 */
#include <linux/async.h>
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/security.h>
#include <linux/stdarg.h>

#include <trace/events/kmod.h>
#include <trace/events/module.h>

#include "kmod/request.h"

/* The steps at which a request can be refused, in this order. */
static int kmod_request_permit(struct kmod_request *r, bool fits)
{
	int err;

	if (kmod_path_is_empty())
		return kmod_record_end(&r->rec, KMOD_OFF, -ENOENT);
	if (!fits)
		return kmod_record_end(&r->rec, KMOD_NAME, -ENAMETOOLONG);

	err = security_kernel_module_request(r->rec.name);
	if (err)
		return kmod_record_end(&r->rec, KMOD_LSM, err);

	err = kmod_lineage_check(r->parent, r->rec.name);
	if (err)
		return kmod_record_end(&r->rec, KMOD_LOOP, err);
	return 0;
}

/**
 * __request_module - load a module by its name or one of its aliases
 * @wait: wait until modprobe has exited, else only until it was started
 * @fmt: printf format of the name, of MODULE_NAME_LEN - 1 bytes at most
 * @...: arguments of the format
 *
 * Callers use request_module(), request_module_nowait() and
 * try_then_request_module(). 0 only means that modprobe exited with status 0: the
 * caller must check that the module has registered what it needs.
 *
 * Overlapping requests for one name share modprobes: see "flights" in
 * kernel/kmod/inflight.c. A request from inside a modprobe has its own.
 *
 * Context: process context, may sleep: for a slot 5 seconds at most, then for
 * modprobe. A fatal signal ends both waits. Must not be called from async work with
 * @wait, since the module's init may wait for all async work.
 *
 * Return: 0; the wait(2) status of modprobe when that is not 0 (exit code 1 is
 * 256), with @wait only; or one of
 *
 * * -ENOENT: autoloading is off (kernel.modprobe is empty), or that path does
 *   not exist
 * * -ENAMETOOLONG: the name is too long; nothing was asked for
 * * -EPERM: a security module denied a module that modprobe was to load
 * * -ELOOP: the requester is inside a modprobe for the same name, or 8 modprobes
 *   deep
 * * -ETIME: no slot within 5 seconds, see kernel.kmod-limit; or modprobes for the
 *   name hold all slots and none of them ends
 * * -ERESTARTSYS: a fatal signal; a modprobe that was started goes on
 * * -ENOMEM: no memory
 * * -EBUSY: helpers are disabled: early boot, suspend, reboot
 * * what a security module denied the name with, such as -EPERM
 * * what starting modprobe failed with, see call_usermodehelper_exec()
 * * -ENOSYS: the kernel has no module support
 */
int __request_module(bool wait, const char *fmt, ...)
{
	struct kmod_request *r;
	va_list args;
	bool fits;
	int ret;

	WARN_ON_ONCE(wait && current_is_async());

	r = kmod_request_alloc(kmod_lineage_parent(), wait, _RET_IP_);
	if (!r)
		return -ENOMEM;

	va_start(args, fmt);
	fits = kmod_request_set_name(r, fmt, args);
	va_end(args);
	trace_kmod_request(&r->rec);

	ret = kmod_request_permit(r, fits);
	if (!ret) {
		trace_module_request(r->rec.name, wait, _RET_IP_);
		ret = kmod_inflight_wait(r);
	}
	kmod_request_put(r);
	return ret;
}
EXPORT_SYMBOL(__request_module);

#ifdef CONFIG_KMOD_KUNIT_TEST
#include "kmod/tests/kmod_name_kunit.c"
#endif
