// SPDX-License-Identifier: GPL-2.0-only
/*
 * request_module(): have user space load a module.
 *
 * This file calls the steps of a request, which are implemented in kernel/kmod/.
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

/* The checks that can deny a request, in this order. */
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
 * try_then_request_module(). 0 only means that modprobe exited with status 0. The
 * caller must look up the object that the module registers.
 *
 * Overlapping requests for one name share modprobes: see "flights" in
 * kernel/kmod/flight.c. A request from inside a modprobe has its own.
 *
 * Context: process context, may sleep. Waits for up to 5 seconds for a slot, then for
 * modprobe. A fatal signal ends either wait. Must not be called from async work with
 * @wait, since the module's init may wait for all async work.
 *
 * Return: 0; with @wait, the wait status of modprobe if that is not 0 (256 for exit
 * code 1); or one of
 *
 * * -ENOENT: autoloading is disabled (kernel.modprobe is empty), or that path does
 *   not exist
 * * -ENAMETOOLONG: the name is too long
 * * -EPERM: a security module denied a module that modprobe tried to load
 * * -ELOOP: the requester is inside a modprobe for the same name, or inside 8 nested
 *   modprobes
 * * -ETIME: no slot was available within 5 seconds, see kernel.kmod-limit; or modprobes
 *   for the name hold all slots and none of them ends
 * * -ERESTARTSYS: a fatal signal; a modprobe that was started keeps running
 * * -ENOMEM: out of memory
 * * -EBUSY: helpers are disabled (early boot, suspend, reboot)
 * * the error with which a security module denied the name, such as -EPERM
 * * the error of starting modprobe, see call_usermodehelper_exec()
 * * -ENOSYS: the kernel has no module support
 */
int __request_module(bool wait, const char *fmt, ...)
{
	struct kmod_request *r;
	va_list args;
	bool fits;
	int ret;

	WARN_ON_ONCE(wait && current_is_async());

	r = kmod_request_alloc(kmod_lineage_running(), wait, _RET_IP_);
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
