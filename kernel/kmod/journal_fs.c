// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of the journal. Each line describes one item as key=value pairs.
 *
 * They are in debugfs, and in securityfs as well, because hardened kernels have no debugfs.
 *
 * An item is copied under its lock and printed after the lock is released, so that
 * readers do not delay requests.
 */
#include <linux/array_size.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kallsyms.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/sprintf.h>
#include <linux/stat.h>
#include <linux/string.h>

#include <trace/misc/umh.h>

#include "record.h"
#include "request.h"

/* An item of a file. All items of a file have the same type. */
union kmod_item {
	struct kmod_record request;
	struct {
		struct kmod_record rec;
		enum kmod_inflight_state state;
	} inflight;
	struct kmod_module module;
};

/*
 * struct kmod_file - a file of the journal
 * @next: copy the first item with a number of at least @cursor, and set @cursor to its
 *	number. Returns false if there is none.
 * @show: print an item
 */
struct kmod_file {
	bool (*next)(u64 *cursor, union kmod_item *item);
	void (*show)(struct seq_file *m, const union kmod_item *item);
};

struct kmod_reader {
	const struct kmod_file *file;
	union kmod_item item;
};

static void kmod_show_string(struct seq_file *m, const char *key, const char *value)
{
	seq_printf(m, "%s=", key);
	seq_escape_str(m, value, UMH_ESCAPE_FLAGS, UMH_ESCAPE_ALSO);
	seq_putc(m, ' ');
}

static void kmod_show_request(struct seq_file *m, const struct kmod_record *rec)
{
	seq_printf(m, "id=%llu ", rec->id);
	kmod_show_string(m, "name", rec->name);
}

static void kmod_show_progress(struct seq_file *m, const struct kmod_record *rec)
{
	seq_printf(m, "wait=%d parent=%llu into=%llu joiners=%u modules=%u modprobe=%d slot_ns=%llu ",
		   rec->wait, rec->parent, rec->into, rec->joiners,
		   rec->modules, rec->modprobe, rec->slot_ns);
}

static void kmod_show_requester(struct seq_file *m, const struct kmod_record *rec)
{
	char site[KSYM_SYMBOL_LEN];

	seq_printf(m, "begin=%llu pid=%d ", rec->begin, rec->by.pid);
	kmod_show_string(m, "comm", rec->by.comm);
	kmod_show_string(m, "exe", rec->exe);
	seq_printf(m, "uid=%u loginuid=%u userns=%u userns_level=%u pidns=%u mntns=%u cgroup=%llu ",
		   rec->by.uid, rec->by.loginuid, rec->userns, rec->userns_level,
		   rec->pidns, rec->mntns, rec->cgroup);
	if (*rec->caller)
		strscpy(site, rec->caller, sizeof(site));
	else
		snprintf(site, sizeof(site), "%ps", (void *)rec->site);
	seq_puts(m, "site=");
	seq_escape_str(m, site, UMH_ESCAPE_FLAGS, UMH_ESCAPE_ALSO);
	seq_putc(m, '\n');
}

static bool kmod_next_request(u64 *cursor, union kmod_item *item)
{
	return kmod_journal_next(cursor, &item->request);
}

static void kmod_show_ended(struct seq_file *m, const union kmod_item *item)
{
	const struct kmod_record *rec = &item->request;

	kmod_show_request(m, rec);
	seq_printf(m, "outcome=%s result=%d ", kmod_outcome_names[rec->outcome], rec->result);
	kmod_show_progress(m, rec);
	seq_printf(m, "run_ns=%llu ", rec->run_ns);
	kmod_show_requester(m, rec);
}

static bool kmod_next_inflight(u64 *cursor, union kmod_item *item)
{
	return kmod_inflight_next(cursor, &item->inflight.rec, &item->inflight.state);
}

static void kmod_show_inflight(struct seq_file *m, const union kmod_item *item)
{
	static const char *const states[] = {
		[KMOD_INFLIGHT_WAITING] = "waiting", [KMOD_INFLIGHT_JOINED] = "joined",
		[KMOD_INFLIGHT_RUNNING] = "running", [KMOD_INFLIGHT_LOADING] = "loading",
		[KMOD_INFLIGHT_HUNG] = "hung",
	};
	const struct kmod_record *rec = &item->inflight.rec;

	kmod_show_request(m, rec);
	seq_printf(m, "state=%s age_ns=%llu ", states[item->inflight.state],
		   kmod_record_age(rec));
	kmod_show_progress(m, rec);
	kmod_show_requester(m, rec);
}

static bool kmod_next_module(u64 *cursor, union kmod_item *item)
{
	return kmod_loaded_next(cursor, &item->module);
}

static void kmod_show_module(struct seq_file *m, const union kmod_item *item)
{
	static const char *const states[] = {
		[KMOD_MODULE_LOADING] = "loading", [KMOD_MODULE_LIVE] = "live",
		[KMOD_MODULE_GONE] = "gone", [KMOD_MODULE_FAILED] = "failed",
	};

	kmod_show_string(m, "module", item->module.name);
	seq_printf(m, "state=%s ", states[item->module.state]);
	kmod_show_request(m, &item->module.rec);
	kmod_show_requester(m, &item->module.rec);
}

static const struct kmod_file kmod_file_requests = { kmod_next_request, kmod_show_ended };
static const struct kmod_file kmod_file_inflight = { kmod_next_inflight, kmod_show_inflight };
static const struct kmod_file kmod_file_modules = { kmod_next_module, kmod_show_module };

/* The position is the number of the item. */
static void *kmod_seq_start(struct seq_file *m, loff_t *pos)
{
	struct kmod_reader *reader = m->private;
	u64 cursor = *pos;

	if (!reader->file->next(&cursor, &reader->item))
		return NULL;
	*pos = cursor;
	return reader;
}

static void *kmod_seq_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return kmod_seq_start(m, pos);
}

static void kmod_seq_stop(struct seq_file *m, void *v)
{
}

static int kmod_seq_show(struct seq_file *m, void *v)
{
	struct kmod_reader *reader = v;

	reader->file->show(m, &reader->item);
	return 0;
}

static const struct seq_operations kmod_seq_ops = {
	.start	= kmod_seq_start,
	.next	= kmod_seq_next,
	.stop	= kmod_seq_stop,
	.show	= kmod_seq_show,
};

static int kmod_journal_open(struct inode *inode, struct file *file)
{
	struct kmod_reader *reader;

	reader = __seq_open_private(file, &kmod_seq_ops, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	reader->file = inode->i_private;
	return 0;
}

static const struct file_operations kmod_journal_fops = {
	.open		= kmod_journal_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= seq_release_private,
};

static int kmod_stats_show(struct seq_file *m, void *v)
{
	kmod_journal_stats(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(kmod_stats);

struct kmod_journal_file {
	const char *name;
	const struct file_operations *fops;
	const struct kmod_file *file;
};

static const struct kmod_journal_file kmod_journal_files[] __initconst = {
	{ "requests", &kmod_journal_fops, &kmod_file_requests },
	{ "inflight", &kmod_journal_fops, &kmod_file_inflight },
	{ "modules", &kmod_journal_fops, &kmod_file_modules },
	{ "stats", &kmod_stats_fops, NULL },
};

static int __init kmod_journal_fs_init(void)
{
	struct dentry *debugfs = debugfs_create_dir("kmod", NULL);
	struct dentry *securityfs = securityfs_create_dir("kmod", NULL);
	const struct kmod_journal_file *f = kmod_journal_files;

	for (; f < kmod_journal_files + ARRAY_SIZE(kmod_journal_files); f++) {
		debugfs_create_file(f->name, 0400, debugfs, (void *)f->file, f->fops);
		if (!IS_ERR(securityfs))
			securityfs_create_file(f->name, 0400, securityfs, (void *)f->file,
					       f->fops);
	}
	return 0;
}
late_initcall(kmod_journal_fs_init);
