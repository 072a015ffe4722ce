// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lifetime of a request.
 */
#include <linux/capability.h>
#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/sprintf.h>
#include <linux/stdarg.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "request.h"

static enum kmod_slot_class kmod_request_class(const struct kmod_modprobe *parent)
{
	if (parent)
		return KMOD_SLOT_NESTED;
	/* Not the real credentials: kernel threads can act with those of a user. */
	if (security_capable(current_cred(), &init_user_ns, CAP_SYS_MODULE, CAP_OPT_NOAUDIT))
		return KMOD_SLOT_USER;
	return current->flags & PF_KTHREAD ? KMOD_SLOT_KTHREAD : KMOD_SLOT_ADMIN;
}

/*
 * A user may have any number of ids in a user namespace. As for other limits, all count as the
 * owner of the outermost one. root creates these for others, who differ in the id of their root.
 */
static uid_t kmod_request_user(void)
{
	struct user_namespace *ns = current_user_ns();
	kuid_t uid = current_uid();

	while (ns->level > 1)
		ns = ns->parent;
	if (ns->level)
		uid = uid_eq(ns->owner, GLOBAL_ROOT_UID) ? make_kuid(ns, 0) : ns->owner;
	return from_kuid(&init_user_ns, uid);
}

/**
 * kmod_request_alloc - set up a request by the current task
 * @parent: the running modprobe inside which the current task is, or NULL. The caller's
 *	reference passes to this function, even if it fails.
 * @wait: see __request_module()
 * @site: return address in the caller of __request_module()
 *
 * The caller must set a name.
 *
 * Context: process context, may sleep.
 * Return: the request, which the caller must release by kmod_request_put(); NULL if out
 * of memory.
 */
struct kmod_request *kmod_request_alloc(struct kmod_modprobe *parent, bool wait,
					unsigned long site)
{
	struct kmod_request *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r) {
		kmod_journal_note(KMOD_UNRECORDED);
		if (parent)
			kmod_modprobe_put(parent);
		return NULL;
	}

	kref_init(&r->ref);
	r->parent = parent;
	r->depth = parent ? parent->request->depth + 1 : 1;
	r->class = kmod_request_class(parent);
	r->user = kmod_request_user();
	r->arrived = jiffies;
	INIT_LIST_HEAD(&r->node);
	INIT_LIST_HEAD(&r->modprobes);
	RB_CLEAR_NODE(&r->all);
	init_completion(&r->done);

	r->rec.parent = parent ? parent->request->rec.id : 0;
	r->rec.site = site;
	r->rec.wait = wait;
	kmod_record_begin(&r->rec);
	return r;
}

/**
 * kmod_request_set_name - format the requested name
 * @r: the request
 * @fmt: printf format
 * @args: its arguments
 *
 * An empty name is valid. modprobe decides whether there is such a module.
 *
 * Context: process context.
 * Return: true if the name fits. Otherwise false, and the name is truncated.
 */
bool kmod_request_set_name(struct kmod_request *r, const char *fmt, va_list args)
{
	return vsnprintf(r->rec.name, MODULE_NAME_LEN, fmt, args) < MODULE_NAME_LEN;
}

static void kmod_request_free(struct kref *ref)
{
	struct kmod_request *r = container_of(ref, struct kmod_request, ref);

	kmod_record_print(&r->rec);
	/* May recurse, at most KMOD_DEPTH_MAX times. */
	if (r->parent)
		kmod_modprobe_put(r->parent);
	kfree(r);
}

/**
 * kmod_request_put - drop a reference
 * @r: the request
 *
 * Context: any.
 */
void kmod_request_put(struct kmod_request *r)
{
	kref_put(&r->ref, kmod_request_free);
}
