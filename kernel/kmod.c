// SPDX-License-Identifier: GPL-2.0-only
/*
 * request_module(): the kernel asks user space for a module.
 *
 * What happens, in order. The rooms behind the steps are in kernel/kmod/.
 */
#include <linux/async.h>
#include <linux/bug.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/security.h>
#include <linux/sprintf.h>
#include <linux/stdarg.h>

#include <trace/events/module.h>

#include "kmod/internal.h"

/* An empty name is a name: modprobe decides what it thinks of it. */
static __printf(2, 0)
int kmod_format_name(char name[MODULE_NAME_LEN], const char *fmt, va_list args)
{
	if (vsnprintf(name, MODULE_NAME_LEN, fmt, args) >= MODULE_NAME_LEN)
		return -ENAMETOOLONG;
	return 0;
}

/**
 * __request_module - load a module by its name or one of its aliases
 * @wait: wait until modprobe has exited, else only until it was started
 * @fmt: printf format of the name, of MODULE_NAME_LEN - 1 bytes at most
 * @...: arguments of the format
 *
 * Callers use request_module(), request_module_nowait() and
 * try_then_request_module(). Success says that modprobe is content, not that
 * what the caller is after is there: that is for the caller to see.
 *
 * Requests for one name that overlap share one modprobe and its result, except
 * that a request from inside a modprobe has its own.
 *
 * Context: process context, may sleep: for a slot 5 seconds at most, then for
 * modprobe. A fatal signal ends both waits. Not from async work with @wait,
 * since the module's init may wait for all async work.
 *
 * Return: 0; the wait(2) status of modprobe when that is not 0 (exit code 1 is
 * 256), with @wait only; or one of
 *
 * * -ENOENT: autoloading is off (kernel.modprobe is empty), or that path does
 *   not exist
 * * -ENAMETOOLONG: the name is too long; nothing was asked for
 * * -ELOOP: the requester is inside a modprobe for the same name, or 8 modprobes
 *   deep
 * * -ETIME: no slot within 5 seconds, see kernel.kmod-limit
 * * -ERESTARTSYS: a fatal signal; a modprobe that was started goes on
 * * -ENOMEM: no memory
 * * -EBUSY: helpers are disabled: early boot, suspend, reboot
 * * what the security modules refuse with
 * * what starting modprobe failed with, see call_usermodehelper_exec()
 * * -ENOSYS: the kernel has no module support
 */
int __request_module(bool wait, const char *fmt, ...)
{
	char name[MODULE_NAME_LEN];
	struct kmod_request *r;
	va_list args;
	int ret;

	WARN_ON_ONCE(wait && current_is_async());

	if (!kmod_path_is_set())
		return -ENOENT;

	va_start(args, fmt);
	ret = kmod_format_name(name, fmt, args);
	va_end(args);
	if (ret)
		return ret;

	ret = security_kernel_module_request(name);
	if (ret)
		return ret;

	r = kmod_request_alloc(name);
	if (IS_ERR(r))
		return PTR_ERR(r);

	trace_module_request(name, wait, _RET_IP_);
	if (!kmod_inflight_join(r, wait, &ret)) {
		ret = kmod_inflight_start(r);
		if (!ret)
			ret = kmod_request_run(r, wait);
	}
	kmod_request_put(r);
	return ret;
}
EXPORT_SYMBOL(__request_module);

#ifdef CONFIG_KMOD_KUNIT_TEST
#include "kmod/tests/kmod_name_kunit.c"
#endif
