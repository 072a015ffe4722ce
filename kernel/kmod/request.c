// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of one request.
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
#include <linux/user_namespace.h>

#include "request.h"

static enum kmod_slot_class kmod_request_class(const struct kmod_modprobe *parent)
{
	if (parent)
		return KMOD_SLOT_NESTED;
	/* The effective credentials: kernel threads can have those of a user. */
	if (security_capable(current_cred(), &init_user_ns, CAP_SYS_MODULE, CAP_OPT_NOAUDIT))
		return KMOD_SLOT_USER;
	return current->flags & PF_KTHREAD ? KMOD_SLOT_KTHREAD : KMOD_SLOT_ADMIN;
}

/**
 * kmod_request_alloc - set up a request by the current task
 * @parent: the modprobe from inside which it is made, or NULL; the caller's reference
 *	is passed on, also when there is no memory
 * @wait: see __request_module()
 * @site: address in the caller
 *
 * The caller must set a name.
 *
 * Context: process context, may sleep.
 * Return: the request, to be released with kmod_request_put(); NULL without
 * memory.
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
	r->arrived = jiffies;
	INIT_LIST_HEAD(&r->node);
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
 * An empty name is valid: whether there is such a module is for modprobe to decide.
 *
 * Context: process context.
 * Return: whether the name fits; it is cut if it does not.
 */
bool kmod_request_set_name(struct kmod_request *r, const char *fmt, va_list args)
{
	return vsnprintf(r->rec.name, MODULE_NAME_LEN, fmt, args) < MODULE_NAME_LEN;
}

static void kmod_request_free(struct kref *ref)
{
	struct kmod_request *r = container_of(ref, struct kmod_request, ref);

	kmod_record_print(&r->rec);
	/* As deep as the lineage, which is short. */
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
