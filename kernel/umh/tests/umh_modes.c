// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test driver for usermode helpers, for tools/testing/selftests/umh.
 *
 * A write to /dev/umh_modes runs one helper, and returns when the call has returned.
 * A read from the same open file waits for the call and for cleanup(), and returns
 *
 *	ret=RETURNED calls=CALLS status=EXITED retval=RETVAL task=0|1
 *
 * RETURNED is the return value of the call. CALLS has one letter for each call of
 * spawned(), init(), exited() and cleanup(), in the order of the calls: s, i, e, c. It
 * is n if the helper could not be set up for lack of memory. EXITED is the status passed to
 * exited(), RETVAL is the value of retval in cleanup(). task is 1 if cleanup() ran in
 * task context with interrupts enabled. With repeat=N the line ends in late=LATE, the
 * number of calls that returned before cleanup(). The written line has the format
 *
 *	[OPTION[=VALUE]]... -- [PATH [ARGUMENT]...]
 *
 *	wait=FLAGS	UMH_* flags, in decimal
 *	context=task|spinlock|timer|irq
 *			context of the call; task by default. With PREEMPT_RT an
 *			interrupt cannot allocate memory, and irq is an error.
 *	hooks		set spawned() and exited()
 *	noinit		set no init()
 *	init=ERRNO	return value of init()
 *	killed		init() kills the helper's thread
 *	path=null	pass a NULL path; without PATH the path is empty
 *	lent=kmalloc|vmalloc
 *			have no callbacks; free the path as soon as the call returns
 *	mutex		take a mutex in cleanup()
 *	locked		hold that mutex during the call
 *	repeat=N	run N helpers, one after the other; the result is the last one's
 *	env=null|big	pass no environment, or one that is too large
 *	disabled	delay the call until helpers are disabled
 *
 * A write to /sys/kernel/debug/umh_poweroff starts an orderly poweroff, which runs
 * kernel.poweroff_cmd. If that fails, the poweroff is not forced.
 *
 * The module cannot be unloaded, since a helper may outlive the file that started it.
 */
#include <linux/atomic.h>
#include <linux/binfmts.h>
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/reboot.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/umh.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#define MAX_LINE	1024
#define MAX_WORDS	24
#define CLEANUP_TIMEOUT	(60 * HZ)
#define DISABLE_TIMEOUT	(60 * HZ)

static DEFINE_MUTEX(modes_mutex);

struct modes_run {
	struct kref ref;
	struct completion called;
	struct completion returned;
	struct completion cleaned;
	struct timer_list timer;
	struct irq_work irq;
	struct work_struct work;

	/* The parsed line, constant after the helper is set up */
	char line[MAX_LINE];
	const char *context;
	const char *path;
	char *argv[MAX_WORDS];
	char *env[2];
	char **envp;
	char *big;
	int wait;
	int init_error;
	bool has_init;
	bool has_hooks;
	bool when_disabled;
	bool is_killed;
	bool takes_mutex;
	bool is_locked;
	const char *lent;
	unsigned int repeat;

	/*
	 * The result. ret is written before @returned is completed, the other
	 * members before @cleaned is. A reader must wait for both.
	 */
	raw_spinlock_t lock;	/* protects calls */
	char calls[8];
	int ret;
	int status;
	int retval;
	bool cleaned_in_task;
	atomic_t cleanups;
	unsigned int late;
};

/* An open file: its last run, and the offset in the result */
struct modes_file {
	struct mutex lock;	/* protects run and pos; held while a reader waits */
	struct modes_run *run;
	loff_t pos;
};

static void modes_run_free(struct kref *ref)
{
	struct modes_run *run = container_of(ref, struct modes_run, ref);

	/* In interrupt context there is never a big environment to free. */
	if (run->big)
		kvfree(run->big);
	kfree(run);
}

static void modes_note(struct modes_run *run, char call)
{
	unsigned long flags;
	size_t n;

	raw_spin_lock_irqsave(&run->lock, flags);
	n = strlen(run->calls);
	if (n < sizeof(run->calls) - 1)
		run->calls[n] = call;
	raw_spin_unlock_irqrestore(&run->lock, flags);
}

static void modes_spawned(struct subprocess_info *info)
{
	modes_note(info->data, 's');
}

static int modes_init(struct subprocess_info *info, struct cred *new)
{
	struct modes_run *run = info->data;

	modes_note(run, 'i');
	if (run->is_killed)
		send_sig(SIGKILL, current, 1);
	return run->init_error;
}

static void modes_exited(struct subprocess_info *info, int status)
{
	struct modes_run *run = info->data;

	run->status = status;
	modes_note(run, 'e');
}

static void modes_cleanup(struct subprocess_info *info)
{
	struct modes_run *run = info->data;

	run->retval = info->retval;
	run->cleaned_in_task = in_task() && !irqs_disabled();
	if (run->takes_mutex) {
		mutex_lock(&modes_mutex);
		mutex_unlock(&modes_mutex);
	}
	modes_note(run, 'c');
	atomic_inc(&run->cleanups);
	complete(&run->cleaned);
	kref_put(&run->ref, modes_run_free);
}

static void modes_call(struct modes_run *run, gfp_t gfp)
{
	struct subprocess_info *info;

	info = call_usermodehelper_setup(run->path, run->argv, run->envp, gfp,
					 run->has_init ? modes_init : NULL,
					 modes_cleanup, run);
	if (!info) {
		run->ret = -ENOMEM;
		modes_note(run, 'n');
		complete(&run->cleaned);
		return;
	}

	kref_get(&run->ref);
	if (run->has_hooks) {
		info->spawned = modes_spawned;
		info->exited = modes_exited;
	}
	run->ret = call_usermodehelper_exec(info, run->wait);
}

/* Like drivers that free the arguments even if the wait was killed */
static void modes_call_lent(struct modes_run *run)
{
	size_t size = strlen(run->path) + 1;
	char *path = !strcmp(run->lent, "vmalloc") ? vmalloc(size) : kmalloc(size, GFP_KERNEL);

	if (!path) {
		run->ret = -ENOMEM;
		complete(&run->cleaned);
		return;
	}
	strscpy(path, run->path, size);
	run->ret = call_usermodehelper(path, run->argv, run->envp, run->wait);
	memset(path, 'X', size - 1);
	kvfree(path);
	complete(&run->cleaned);
}

static void modes_repeat(struct modes_run *run)
{
	unsigned int i;

	for (i = 1; i <= run->repeat; i++) {
		modes_call(run, GFP_KERNEL);
		run->late += atomic_read(&run->cleanups) != i;
	}
}

static void modes_from_task(struct modes_run *run)
{
	if (run->is_locked)
		mutex_lock(&modes_mutex);
	if (run->lent)
		modes_call_lent(run);
	else if (run->repeat)
		modes_repeat(run);
	else
		modes_call(run, GFP_KERNEL);
	if (run->is_locked)
		mutex_unlock(&modes_mutex);
}

static void modes_from_timer(struct timer_list *timer)
{
	struct modes_run *run = container_of(timer, struct modes_run, timer);

	modes_call(run, GFP_ATOMIC);
	complete(&run->called);
}

static void modes_from_irq(struct irq_work *irq)
{
	struct modes_run *run = container_of(irq, struct modes_run, irq);

	modes_call(run, GFP_ATOMIC);
	complete(&run->called);
}

static void modes_from_spinlock(struct modes_run *run)
{
	static DEFINE_SPINLOCK(lock);
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	modes_call(run, GFP_ATOMIC);
	spin_unlock_irqrestore(&lock, flags);
}

static int modes_start_from(struct modes_run *run)
{
	if (!strcmp(run->context, "task")) {
		modes_from_task(run);
		return 0;
	}
	if (run->wait != UMH_NO_WAIT)
		return -EINVAL;

	if (!strcmp(run->context, "spinlock")) {
		modes_from_spinlock(run);
	} else if (!strcmp(run->context, "timer")) {
		timer_setup(&run->timer, modes_from_timer, 0);
		mod_timer(&run->timer, jiffies + 1);
		wait_for_completion(&run->called);
		del_timer_sync(&run->timer);
	} else if (!strcmp(run->context, "irq") && !IS_ENABLED(CONFIG_PREEMPT_RT)) {
		run->irq = IRQ_WORK_INIT_HARD(modes_from_irq);
		irq_work_queue(&run->irq);
		wait_for_completion(&run->called);
		irq_work_sync(&run->irq);
	} else {
		return -EINVAL;
	}
	return 0;
}

static int modes_start(struct modes_run *run)
{
	int err = modes_start_from(run);

	complete_all(&run->returned);
	return err;
}

/*
 * Waits until suspend disables helpers. User space is frozen by then, but this work is
 * not. With pm_test and one processor, it may run for only a few milliseconds after that.
 * If it misses them, the call succeeds, and the test fails.
 */
static void modes_when_disabled(struct work_struct *work)
{
	struct modes_run *run = container_of(work, struct modes_run, work);
	unsigned long end = jiffies + DISABLE_TIMEOUT;

	while (time_before(jiffies, end) && !usermodehelper_read_trylock()) {
		usermodehelper_read_unlock();
		usleep_range(200, 400);
	}
	modes_start(run);
	kref_put(&run->ref, modes_run_free);
}

static int modes_set_env(struct modes_run *run, const char *value)
{
	if (!strcmp(value, "null")) {
		run->envp = NULL;
		return 0;
	}
	if (strcmp(value, "big"))
		return -EINVAL;

	run->big = kvmalloc(MAX_ARG_STRLEN + 1, GFP_KERNEL);
	if (!run->big)
		return -ENOMEM;
	memset(run->big, 'B', MAX_ARG_STRLEN);
	run->big[MAX_ARG_STRLEN] = '\0';
	run->env[0] = run->big;
	return 0;
}

static int modes_option(struct modes_run *run, char *name, const char *value)
{
	if (!strcmp(name, "hooks"))
		run->has_hooks = true;
	else if (!strcmp(name, "disabled"))
		run->when_disabled = true;
	else if (!strcmp(name, "noinit"))
		run->has_init = false;
	else if (!strcmp(name, "killed"))
		run->is_killed = true;
	else if (!strcmp(name, "mutex"))
		run->takes_mutex = true;
	else if (!strcmp(name, "locked"))
		run->is_locked = true;
	else if (!value)
		return -EINVAL;
	else if (!strcmp(name, "wait"))
		return kstrtoint(value, 10, &run->wait);
	else if (!strcmp(name, "init"))
		return kstrtoint(value, 10, &run->init_error);
	else if (!strcmp(name, "repeat"))
		return kstrtouint(value, 10, &run->repeat);
	else if (!strcmp(name, "context"))
		run->context = value;
	else if (!strcmp(name, "lent"))
		run->lent = value;
	else if (!strcmp(name, "path"))
		run->path = NULL;
	else if (!strcmp(name, "env"))
		return modes_set_env(run, value);
	else
		return -EINVAL;
	return 0;
}

static int modes_parse(struct modes_run *run)
{
	char *rest = strim(run->line), *word, *value;
	int n = 0, err;

	while ((word = strsep(&rest, " ")) && strcmp(word, "--")) {
		value = strchr(word, '=');
		if (value)
			*value++ = '\0';
		err = modes_option(run, word, value);
		if (err)
			return err;
	}

	while ((word = strsep(&rest, " "))) {
		if (n == MAX_WORDS - 1)
			return -E2BIG;
		run->argv[n++] = word;
	}
	if (run->path && n)
		run->path = run->argv[0];
	return 0;
}

static struct modes_run *modes_run_new(void)
{
	struct modes_run *run = kzalloc(sizeof(*run), GFP_KERNEL);

	if (!run)
		return NULL;

	kref_init(&run->ref);
	init_completion(&run->called);
	init_completion(&run->returned);
	init_completion(&run->cleaned);
	raw_spin_lock_init(&run->lock);
	INIT_WORK(&run->work, modes_when_disabled);
	run->context = "task";
	run->path = "";
	run->argv[0] = "";
	run->env[0] = "UMH_MODES=1";
	run->envp = run->env;
	run->has_init = true;
	return run;
}

static ssize_t modes_write(struct file *file, const char __user *from,
			   size_t count, loff_t *ppos)
{
	struct modes_file *mf = file->private_data;
	struct modes_run *run;
	int err;

	if (count >= MAX_LINE)
		return -E2BIG;
	run = modes_run_new();
	if (!run)
		return -ENOMEM;

	err = copy_from_user(run->line, from, count) ? -EFAULT : 0;
	err = err ?: modes_parse(run);
	if (err) {
		kref_put(&run->ref, modes_run_free);
		return err;
	}

	kref_get(&run->ref);
	scoped_guard(mutex, &mf->lock) {
		if (mf->run)
			kref_put(&mf->run->ref, modes_run_free);
		mf->run = run;
		mf->pos = 0;
	}
	if (run->when_disabled) {
		queue_work(system_unbound_wq, &run->work);
		return count;
	}

	/* Without mf->lock: the caller may be frozen while it waits for the helper. */
	err = modes_start(run);
	kref_put(&run->ref, modes_run_free);
	return err ?: count;
}

static ssize_t modes_read(struct file *file, char __user *to, size_t count,
			  loff_t *ppos)
{
	struct modes_file *mf = file->private_data;
	struct modes_run *run;
	char text[128];
	int n;

	guard(mutex)(&mf->lock);
	run = mf->run;
	if (!run)
		return -ENODATA;
	/* Interruptible, so that suspend can freeze the reader after the helper. */
	if (wait_for_completion_interruptible(&run->returned) ||
	    wait_for_completion_interruptible_timeout(&run->cleaned, CLEANUP_TIMEOUT) < 0)
		return -ERESTARTSYS;
	/* The next read() returns the rest of the result and must not wait. */
	complete_all(&run->cleaned);

	n = scnprintf(text, sizeof(text),
		      "ret=%d calls=%s status=%d retval=%d task=%d",
		      run->ret, run->calls, run->status, run->retval,
		      run->cleaned_in_task);
	if (run->repeat)
		n += scnprintf(text + n, sizeof(text) - n, " late=%u", run->late);
	n += scnprintf(text + n, sizeof(text) - n, "\n");
	return simple_read_from_buffer(to, count, &mf->pos, text, n);
}

static int modes_open(struct inode *inode, struct file *file)
{
	struct modes_file *mf = kzalloc(sizeof(*mf), GFP_KERNEL);

	if (!mf)
		return -ENOMEM;
	mutex_init(&mf->lock);
	file->private_data = mf;
	return stream_open(inode, file);
}

static int modes_release(struct inode *inode, struct file *file)
{
	struct modes_file *mf = file->private_data;

	if (mf->run)
		kref_put(&mf->run->ref, modes_run_free);
	kfree(mf);
	return 0;
}

static const struct file_operations modes_fops = {
	.owner		= THIS_MODULE,
	.open		= modes_open,
	.read		= modes_read,
	.write		= modes_write,
	.release	= modes_release,
};

/* Not a regular file, since a write to one holds a lock of its file system. */
static struct miscdevice modes_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "umh_modes",
	.mode	= 0600,
	.fops	= &modes_fops,
};

static ssize_t poweroff_write(struct file *file, const char __user *from,
			      size_t count, loff_t *ppos)
{
	orderly_poweroff(false);
	return count;
}

static const struct file_operations poweroff_fops = {
	.owner		= THIS_MODULE,
	.open		= simple_open,
	.write		= poweroff_write,
};

static int __init umh_modes_init(void)
{
	int err = misc_register(&modes_device);

	if (!err)
		debugfs_create_file("umh_poweroff", 0200, NULL, NULL,
				    &poweroff_fops);
	return err;
}
module_init(umh_modes_init);

MODULE_DESCRIPTION("Test driver for usermode helpers");
MODULE_LICENSE("GPL");
