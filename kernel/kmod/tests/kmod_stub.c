// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test module for module requests, for tools/testing/selftests/kmod:
 *
 *	modprobe kmod_stub deny=fs-x		denies requests for fs-x
 *	modprobe kmod_stub nowait=fs-x		requests fs-x without waiting
 *	modprobe kmod_stub async=fs-x		requests fs-x in async work, and waits
 *	modprobe kmod_stub poke=ADDRESS		writes to ADDRESS as an exploit does
 *	modprobe kmod_stub init_ms=N		sleeps for N ms in its init
 *	modprobe kmod_stub async_ms=N		sleeps for N ms in async work of its init
 *	modprobe kmod_stub exit_ms=N		sleeps for N ms in its exit function
 *
 * A security module cannot be loaded at run time. To deny a request, this module changes
 * the return value of security_kernel_module_request() with a kretprobe.
 */
#include <linux/async.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/kmod.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/ptrace.h>
#include <linux/string.h>
#include <linux/uaccess.h>

static char *deny;
module_param(deny, charp, 0444);
MODULE_PARM_DESC(deny, "name to deny requests for");

static char *nowait;
module_param(nowait, charp, 0444);
MODULE_PARM_DESC(nowait, "name to request without waiting");

static char *async;
module_param(async, charp, 0444);
MODULE_PARM_DESC(async, "name to request in async work");

static unsigned long poke;
module_param(poke, ulong, 0444);
MODULE_PARM_DESC(poke, "kernel address to overwrite with an X");

static unsigned int init_ms;
module_param(init_ms, uint, 0444);
MODULE_PARM_DESC(init_ms, "how long the init takes, in milliseconds");

static unsigned int async_ms;
module_param(async_ms, uint, 0444);
MODULE_PARM_DESC(async_ms, "how long async work of the init takes, in milliseconds");

static unsigned int exit_ms;
module_param(exit_ms, uint, 0444);
MODULE_PARM_DESC(exit_ms, "how long the exit function takes, in milliseconds");

static bool kmod_stub_write(char *to)
{
	char c = 'X';

	__put_kernel_nofault(to, &c, char, fault);
	return true;
fault:
	return false;
}

/* Writes through the mapping of the kernel image and through the linear mapping. */
static int kmod_stub_poke(char *to)
{
	bool image = kmod_stub_write(to), linear = kmod_stub_write(lm_alias(to));

	pr_info("kmod_stub: %d %d\n", image, linear);
	return image || linear ? 0 : -EFAULT;
}

static int kmod_stub_entry(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const char *name = (const char *)regs_get_kernel_argument(regs, 0);

	/* Non-zero skips the return handler. */
	return strcmp(name, deny);
}

static int kmod_stub_return(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	regs_set_return_value(regs, -EACCES);
	return 0;
}

static struct kretprobe kmod_stub_probe = {
	.kp.symbol_name	= "security_kernel_module_request",
	.entry_handler	= kmod_stub_entry,
	.handler	= kmod_stub_return,
	.maxactive	= 64,
};

static void kmod_stub_async(void *name, async_cookie_t cookie)
{
	request_module("%s", (char *)name);
}

static void kmod_stub_sleep(void *unused, async_cookie_t cookie)
{
	msleep(async_ms);
}

static int __init kmod_stub_init(void)
{
	int err = nowait ? request_module_nowait("%s", nowait) : 0;

	if (init_ms)
		msleep(init_ms);
	if (async_ms)
		async_schedule(kmod_stub_sleep, NULL);
	if (async) {
		async_schedule(kmod_stub_async, async);
		async_synchronize_full();
	}
	if (!err && poke)
		err = kmod_stub_poke((char *)poke);
	if (err || !deny)
		return err;
	return register_kretprobe(&kmod_stub_probe);
}
module_init(kmod_stub_init);

static void __exit kmod_stub_exit(void)
{
	if (deny)
		unregister_kretprobe(&kmod_stub_probe);
	if (exit_ms)
		msleep(exit_ms);
}
module_exit(kmod_stub_exit);

MODULE_DESCRIPTION("Test module for module requests");
MODULE_LICENSE("GPL");
