// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks for modules, and refuses requests for them, on behalf of tests:
 *
 *	modprobe kmod_stub deny=fs-x		as a security module can
 *	modprobe kmod_stub nowait=fs-x		and does not wait
 *	modprobe kmod_stub async=fs-x		and waits in async work
 *	modprobe kmod_stub poke=ADDRESS		writes there, as an exploit would
 *
 * A security module cannot be loaded at run time; this one changes what the hook's
 * caller returns.
 */
#include <linux/async.h>
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
MODULE_PARM_DESC(deny, "what nobody may ask for");

static char *nowait;
module_param(nowait, charp, 0444);
MODULE_PARM_DESC(nowait, "what to ask for");

static char *async;
module_param(async, charp, 0444);
MODULE_PARM_DESC(async, "what to ask for in async work");

static unsigned long poke;
module_param(poke, ulong, 0444);
MODULE_PARM_DESC(poke, "a variable of the kernel's to overwrite with an X");

static bool kmod_stub_write(char *to)
{
	char c = 'X';

	__put_kernel_nofault(to, &c, char, refused);
	return true;
refused:
	return false;
}

/* By its own mapping, and by that of all memory. */
static int kmod_stub_poke(char *to)
{
	bool direct = kmod_stub_write(to), linear = kmod_stub_write(lm_alias(to));

	pr_info("kmod_stub: %d %d\n", direct, linear);
	return direct || linear ? 0 : -EFAULT;
}

static int kmod_stub_entry(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const char *asked = (const char *)regs_get_kernel_argument(regs, 0);

	/* Non-zero: it may return what it likes. */
	return strcmp(asked, deny);
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

static int __init kmod_stub_init(void)
{
	int err = nowait ? request_module_nowait("%s", nowait) : 0;

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
}
module_exit(kmod_stub_exit);

MODULE_DESCRIPTION("Ask for modules and refuse them on behalf of tests");
MODULE_LICENSE("GPL");
